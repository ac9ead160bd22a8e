"""PyTorch's checkpoints (.pt, .pth, .ckpt, .bin) read without PyTorch and without running what is in them.

A checkpoint is a pickle whose tensors stand beside it: in a zip archive (PyTorch 1.6 and newer), or behind it in the same file (older ones, the
published AlexNet and VGG-16 among them). Tensors, dictionaries, lists and numbers are made; every other class is replaced by an empty stand-in.
"""
import collections
import io
import math
import pickle
import struct
import sys
import zipfile

import arrays

LEGACY_MAGIC = 0x1950A86A20F9469CFC6C


class Inert(dict):
    """Stands for whatever a checkpoint carries beside tensors (callbacks, configurations): keeps nothing, does nothing."""

    def __init__(self, *args, **kwargs):
        super().__init__()

    def __setstate__(self, state):
        pass

    def __call__(self, *args, **kwargs):
        return Inert()

    def append(self, item):
        pass

    def extend(self, items):
        pass


class Storage:
    """Memory that tensors are views of; `array` has one dimension."""

    def __init__(self, array):
        self.array = array


class TypeName(str):
    """torch.FloatStorage, torch.float32 and the like: only the name matters."""

    def __call__(self, *args, **kwargs):
        return Inert()


def tensor_of(storage, offset, size, stride, *_):
    """torch._utils._rebuild_tensor: a view, with every element inside its storage."""
    if not isinstance(storage, Storage):
        raise pickle.UnpicklingError("a tensor without a storage")
    size, stride = tuple(map(int, size)), tuple(map(int, stride))
    count, available = math.prod(size), len(storage.array)
    if min((offset, *size, *stride), default=0) < 0 or len(size) != len(stride) or count > available:
        raise pickle.UnpicklingError(f"a tensor of shape {size} does not fit into its storage of {available}")
    if count and offset + sum((n - 1) * step for n, step in zip(size, stride)) >= available:
        raise pickle.UnpicklingError(f"a tensor of shape {size} reaches beyond its storage of {available}")
    array = storage.array
    return arrays.strided(array[offset:], size, stride) if count else array[:0].reshape(size)


def parameter_of(data, *_):
    return data


class Unpickler(pickle.Unpickler):
    """`load_storage(dtype name, key, number of elements)` gives the memory that a persistent id stands for."""

    def __init__(self, file, load_storage):
        super().__init__(file, encoding="utf-8")
        self.load_storage = load_storage

    def find_class(self, module, name):
        if (module, name) == ("collections", "OrderedDict"):
            return collections.OrderedDict
        if module == "torch._utils" and name in ("_rebuild_tensor", "_rebuild_tensor_v2"):
            return tensor_of
        if module == "torch._utils" and name == "_rebuild_parameter":
            return parameter_of
        if (module, name) == ("torch", "Size"):
            return tuple
        if module in ("torch", "torch.storage"):
            return TypeName(name)
        return Inert

    def persistent_load(self, saved):
        kind, storage_type, key, _, count = saved[:5]
        if kind != "storage" or not isinstance(storage_type, TypeName):
            raise pickle.UnpicklingError("unknown persistent id")
        storage = self.load_storage(arrays.dtype_of_storage(storage_type), str(key), int(count))
        view = saved[5] if len(saved) > 5 else None
        if view:                                         # (key, offset, number of elements), of old files
            _, offset, size = view
            return Storage(storage.array[offset:offset + size])
        return storage


def read_zip(path):
    with zipfile.ZipFile(path) as archive:
        pickles = [name for name in archive.namelist() if name.endswith("/data.pkl") or name == "data.pkl"]
        if len(pickles) != 1:
            sys.exit(f"{path}: a zip archive, but no checkpoint of PyTorch (no data.pkl in it; a TorchScript file has code/ beside it)")
        root = pickles[0][:-len("data.pkl")]
        if root + "byteorder" in archive.namelist() and archive.read(root + "byteorder") != b"little":
            sys.exit(f"{path}: was written on a big-endian machine")
        storages = {}

        def load(dtype, key, count):
            if key not in storages:
                data = archive.read(f"{root}data/{key}")
                if len(data) < count * dtype.itemsize:
                    raise pickle.UnpicklingError(f"the storage {key} is too short")
                storages[key] = Storage(arrays.from_bytes(data, dtype, count))
            return storages[key]

        return Unpickler(io.BytesIO(archive.read(root + "data.pkl")), load).load()


def read_legacy(path):
    with open(path, "rb") as file:
        def plain():
            return Unpickler(file, None).load()

        if plain() != LEGACY_MAGIC:
            sys.exit(f"{path}: no checkpoint of PyTorch (neither its zip archive nor its older form)")
        plain(), plain()                                 # the protocol's version; sizes of C's types
        storages = {}

        def load(dtype, key, count):
            return storages.setdefault(key, Storage(arrays.empty(dtype, count)))

        content = Unpickler(file, load).load()
        for key in plain():
            (count,) = struct.unpack("<q", file.read(8))
            array = storages[str(key)].array if str(key) in storages else None
            if array is None or count != len(array) or file.readinto(arrays.writable(array)) != array.nbytes:
                sys.exit(f"{path}: the storage {key} is cut off or has another size than its tensors")
        return content


def read(path):
    """What the checkpoint holds: dictionaries, lists, NumPy arrays for tensors."""
    try:
        return read_zip(path) if zipfile.is_zipfile(path) else read_legacy(path)
    except (pickle.UnpicklingError, EOFError, KeyError, IndexError, ValueError, TypeError, AttributeError, zipfile.BadZipFile, struct.error) as error:
        sys.exit(f"{path}: cannot be read as a checkpoint of PyTorch: {error}")
