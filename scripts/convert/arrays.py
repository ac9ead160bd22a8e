"""NumPy arrays for tensors of every dtype that safetensors files have. NumPy has no bfloat16 and no float8: their arrays hold records of one field,
named as safetensors names the dtype, which can be sliced, reshaped and transposed like numbers."""
import json
import os

try:
    import numpy as np
except ImportError:                                      # common.py says what to do
    np = None


def records(name, kind):
    return np.dtype([(name, kind)])


def dtypes():
    """By safetensors' names."""
    return {"F64": np.dtype("<f8"), "F32": np.dtype("<f4"), "F16": np.dtype("<f2"), "I64": np.dtype("<i8"), "I32": np.dtype("<i4"),
            "I16": np.dtype("<i2"), "I8": np.dtype("i1"), "U8": np.dtype("u1"), "BOOL": np.dtype("?"), "BF16": records("BF16", "<u2"),
            "F8_E4M3": records("F8_E4M3", "u1"), "F8_E5M2": records("F8_E5M2", "u1")}


STORAGES = {"Double": "F64", "Float": "F32", "Half": "F16", "BFloat16": "BF16", "Long": "I64", "Int": "I32", "Short": "I16", "Char": "I8",
            "Byte": "U8", "Bool": "BOOL", "Untyped": "U8"}
# What safetensors' writer calls them.
NAMES = {"F64": "float64", "F32": "float32", "F16": "float16", "BF16": "bfloat16", "I64": "int64", "I32": "int32", "I16": "int16", "I8": "int8",
         "U8": "uint8", "BOOL": "bool", "F8_E4M3": "float8_e4m3fn", "F8_E5M2": "float8_e5m2"}


def dtype_of_storage(name):
    return dtypes()[STORAGES[name.removesuffix("Storage")]]


def from_bytes(data, dtype, count):
    return np.frombuffer(data, dtype, count)


def empty(dtype, count):
    return np.zeros(count, dtype)


def writable(array):
    return memoryview(array.view(np.uint8))


def strided(array, size, stride):
    return np.lib.stride_tricks.as_strided(array, size, [step * array.itemsize for step in stride], writeable=False)


def is_array(value):
    return np is not None and isinstance(value, np.ndarray)


def read_safetensors(path):
    """Views of the mapped file, by name."""
    with open(path, "rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if length > os.path.getsize(path) - 8:
            raise ValueError("the header is longer than the file")
        header = json.loads(file.read(length))
    header.pop("__metadata__", None)
    data, known, tensors = np.memmap(path, np.uint8, "r", offset=8 + length), dtypes(), {}
    for name, one in header.items():
        if one["dtype"] not in known:
            raise ValueError(f"tensor {name}: {one['dtype']} is not supported")
        begin, end = one["data_offsets"]
        tensors[name] = data[begin:end].view(known[one["dtype"]]).reshape(one["shape"])
    return tensors


def write_safetensors(path, tensors):
    import safetensors

    kept, specs = [], {}
    for name, value in tensors.items():
        array = np.ascontiguousarray(value).reshape(value.shape)      # a number stays one
        kept.append(array)
        dtype = next(key for key, one in dtypes().items() if one == array.dtype)
        specs[name] = safetensors.TensorSpec(dtype=NAMES[dtype], shape=list(array.shape), data_ptr=array.ctypes.data, data_len=array.nbytes)
    safetensors.serialize_file(specs, path, {"format": "pt"})
