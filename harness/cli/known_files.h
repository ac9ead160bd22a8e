// Models and data that the configs under configs/ name: what they are and how to get them, for people who lack them.
#pragma once

#include <string>
#include <vector>

namespace skipbench::cli {

struct KnownFile {
  std::string name;      // as a config names the pipeline, the data's file, or the type of the data
  std::string advice;
};

inline const std::vector<KnownFile>& KnownModels() {
  static const std::vector<KnownFile> models = {
      {"stable-diffusion-v1-5",
       "Stable Diffusion 1.5, 4.3 GB: the folder of huggingface.co/stable-diffusion-v1-5/stable-diffusion-v1-5 as it is; or the single "
       "file v1-5-pruned-emaonly.safetensors, as it is (\"pipeline\": FILE) or by scripts/convert/stable_diffusion.py"},
      {"stable-diffusion-xl-base-1.0",
       "SDXL base 1.0, 7 GB in float16: the folder of huggingface.co/stabilityai/stable-diffusion-xl-base-1.0 with its fp16 variant; or the "
       "single file sd_xl_base_1.0.safetensors, as it is or by scripts/convert/stable_diffusion.py"},
      {"ldm4-imagenet-256",
       "LDM-4 for ImageNet, 1.8 GB: CompVis' latent-diffusion, nitro/cin256-v2/model.ckpt, by scripts/convert/ldm.py model.ckpt ldm4-imagenet-256"},
      {"ddpm-cifar10-32",
       "DDPM for CIFAR-10, 143 MB: ema_cifar10_model/model-790000.ckpt of pesser/pytorch_diffusion, by scripts/convert/ddpm.py model-790000.ckpt "
       "ddpm-cifar10-32"},
      {"ddpm-lsun-bedroom-256",
       "DDPM for LSUN bedroom, 455 MB: ema_lsun_bedroom_model/model-2388000.ckpt of pesser/pytorch_diffusion, by scripts/convert/ddpm.py "
       "model-2388000.ckpt ddpm-lsun-bedroom-256"},
      {"ddpm-lsun-church-256",
       "DDPM for LSUN church, 455 MB: ema_lsun_church_model/model-4432000.ckpt of pesser/pytorch_diffusion, by scripts/convert/ddpm.py "
       "model-4432000.ckpt ddpm-lsun-church-256"},
      {"text-to-video-ms-1.7b",
       "ModelScope's text-to-video, 7 GB: the folder of huggingface.co/ali-vilab/text-to-video-ms-1.7b (also under damo-vilab)"},
      {"i2vgen-xl", "I2VGen-XL, 14 GB, half of that as the fp16 variant: the folder of huggingface.co/ali-vilab/i2vgen-xl"},
  };
  return models;
}

inline const std::vector<KnownFile>& KnownData() {
  static const std::vector<KnownFile> data = {
      {"coco", "MS-COCO's captions, 241 MB: annotations_trainval2017.zip (or 2014) of cocodataset.org, unpacked into a folder coco of one of "
               "SKIPBENCH_DATA's folders"},
      {"cifar10", "CIFAR-10, binary version, 162 MB: cifar-10-binary.tar.gz of www.cs.toronto.edu/~kriz/cifar.html, unpacked into one of "
                  "SKIPBENCH_DATA's folders"},
      {"lsun", "LSUN, 43 GB (bedroom) and 2 GB (church_outdoor): download.py of github.com/fyu/lsun, unpacked into a folder lsun of one of "
               "SKIPBENCH_DATA's folders"},
      {"MSRVTT_JSFUSION_test.csv",
       "MSR-VTT's 1000 test captions (the 1k-A split), 0.1 MB: MSRVTT_JSFUSION_test.csv of msrvtt_data.zip in the releases of "
       "github.com/ArrowLuo/CLIP4Clip, into a folder msrvtt of one of SKIPBENCH_DATA's folders"},
      {"samples.tsv",
       "AIGCBench as the authors of AdaptiveDiffusion sampled it, 3 GB: huggingface.co/datasets/HankYe/Sampled_AIGCBench_text2image_ar_0.625, "
       "unpacked into a folder aigcbench of one of SKIPBENCH_DATA's folders; samples.tsv is made of its samples.txt as datasets/README.md says"},
  };
  return data;
}

inline std::string AdviceOn(const std::vector<KnownFile>& known, const std::string& name) {
  for (const auto& file : known)
    if (file.name == name) return file.advice;
  return "";
}

}  // namespace skipbench::cli
