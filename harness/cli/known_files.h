// Models and data that the configs under configs/ name: what they are and how to get them, for people who lack them.
#pragma once

#include <string>
#include <vector>

namespace skipbench::cli {

struct KnownFile {
  std::string name;      // as a config names the pipeline, the data's file, or the type of the data
  std::string file;      // what is published
  std::string size;
  std::string hash;      // "SHA-256 ...", or what else is published of it
  std::string source;    // where
  std::string target;    // where it has to be, and how it gets there
};

inline const std::vector<KnownFile>& KnownModels() {
  static const std::vector<KnownFile> models = {
      {"stable-diffusion-v1-5", "v1-5-pruned-emaonly.safetensors, or the whole folder", "4,265,146,304 bytes",
       "SHA-256 6ce0161689b3853acaa03779ec93eafe75a02f4ced659bee03f50797806fa2fa", "huggingface.co/stable-diffusion-v1-5/stable-diffusion-v1-5",
       "the folder as it is, or the file by scripts/convert/stable_diffusion.py FILE stable-diffusion-v1-5 --tokenizer FOLDER; the file itself is read too "
       "(\"pipeline\": FILE)"},
      {"stable-diffusion-xl-base-1.0", "sd_xl_base_1.0.safetensors, or the folder with its fp16 variant", "6,938,078,334 bytes",
       "SHA-256 31e35c80fc4829d14f90153f4c74cd59c90b779f6afe05a74cd6120b893f7e5b", "huggingface.co/stabilityai/stable-diffusion-xl-base-1.0",
       "the folder as it is, or the file by scripts/convert/stable_diffusion.py FILE stable-diffusion-xl-base-1.0 --tokenizer FOLDER; the file itself is "
       "read too (\"pipeline\": FILE)"},
      {"ldm4-imagenet-256", "model.ckpt (cin256-v2)", "1.8 GB", "no hash is published", "ommer-lab.com/files/latent-diffusion/nitro/cin256-v2 (CompVis' latent-diffusion)",
       "scripts/convert/ldm.py model.ckpt ldm4-imagenet-256"},
      {"ddpm-cifar10-32", "ema_cifar10_model/model-790000.ckpt", "143 MB", "MD5 1fa350b952534ae442b1d5235cce5cd3; no SHA-256 is published",
       "github.com/pesser/pytorch_diffusion", "scripts/convert/ddpm.py model-790000.ckpt ddpm-cifar10-32"},
      {"ddpm-lsun-bedroom-256", "ema_lsun_bedroom_model/model-2388000.ckpt", "455 MB", "MD5 1921fa46b66a3665e450e42f36c2720f; no SHA-256 is published",
       "github.com/pesser/pytorch_diffusion", "scripts/convert/ddpm.py model-2388000.ckpt ddpm-lsun-bedroom-256"},
      {"ddpm-lsun-church-256", "ema_lsun_church_model/model-4432000.ckpt", "455 MB", "MD5 fdc68a23938c2397caba4a260bc2445f; no SHA-256 is published",
       "github.com/pesser/pytorch_diffusion", "scripts/convert/ddpm.py model-4432000.ckpt ddpm-lsun-church-256"},
      {"text-to-video-ms-1.7b", "the folder", "7 GB", "the source shows each file's SHA-256", "huggingface.co/ali-vilab/text-to-video-ms-1.7b", "as it is"},
      {"i2vgen-xl", "the folder, as its fp16 variant if wanted", "14 GB, fp16 7 GB", "the source shows each file's SHA-256", "huggingface.co/ali-vilab/i2vgen-xl",
       "as it is"},
  };
  return models;
}

inline const std::vector<KnownFile>& KnownData() {
  static const std::vector<KnownFile> data = {
      {"coco", "annotations_trainval2017.zip (or 2014)", "241 MB", "no hash is published", "MS-COCO: cocodataset.org",
       "unpacked into a folder coco of one of SKIPBENCH_DATA's folders"},
      {"cifar10", "cifar-10-binary.tar.gz", "170,052,171 bytes", "SHA-256 c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
       "CIFAR-10, binary version: www.cs.toronto.edu/~kriz/cifar.html", "unpacked into one of SKIPBENCH_DATA's folders"},
      {"lsun", "bedroom and church_outdoor", "43 GB and 2 GB", "no hash is published", "LSUN: download.py of github.com/fyu/lsun",
       "unpacked into a folder lsun of one of SKIPBENCH_DATA's folders"},
      {"MSRVTT_JSFUSION_test.csv", "MSRVTT_JSFUSION_test.csv of msrvtt_data.zip (the 1k-A split)", "0.1 MB", "no hash is published",
       "MSR-VTT: the releases of github.com/ArrowLuo/CLIP4Clip", "in a folder msrvtt of one of SKIPBENCH_DATA's folders"},
      {"samples.tsv", "AIGCBench as the authors of AdaptiveDiffusion sampled it", "3 GB", "the source shows each file's SHA-256",
       "huggingface.co/datasets/HankYe/Sampled_AIGCBench_text2image_ar_0.625",
       "unpacked into a folder aigcbench of one of SKIPBENCH_DATA's folders; samples.tsv is made of its samples.txt as datasets/README.md says"},
  };
  return data;
}

// Null where `name` is not among them.
inline const KnownFile* FindKnown(const std::vector<KnownFile>& known, const std::string& name) {
  for (const auto& file : known)
    if (file.name == name) return &file;
  return nullptr;
}

}  // namespace skipbench::cli
