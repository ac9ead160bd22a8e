// Data that the configs under configs/ name: what it is and how to get it, for people who lack it. Of models, every
// pipeline knows its own (harness/pipelines/catalog.h).
#pragma once

#include <string>
#include <vector>

#include "harness/base/published_file.h"

namespace skipbench::cli {

inline const std::vector<PublishedFile>& KnownData() {
  static const std::vector<PublishedFile> data = {
      {"coco", "annotations_trainval2017.zip (or 2014)", "241 MB", "no hash is published", "MS-COCO: cocodataset.org",
       "unpacked into a folder coco of one of SKIPBENCH_DATA's folders"},
      {"cifar10", "cifar-10-binary.tar.gz", "170,052,171 bytes",
       "SHA-256 c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
       "CIFAR-10, binary version: www.cs.toronto.edu/~kriz/cifar.html",
       "unpacked into one of SKIPBENCH_DATA's folders"},
      {"lsun", "bedroom and church_outdoor", "43 GB and 2 GB", "no hash is published",
       "LSUN: download.py of github.com/fyu/lsun", "unpacked into a folder lsun of one of SKIPBENCH_DATA's folders"},
      {"MSRVTT_JSFUSION_test.csv", "MSRVTT_JSFUSION_test.csv of msrvtt_data.zip (the 1k-A split)", "0.1 MB",
       "no hash is published", "MSR-VTT: the releases of github.com/ArrowLuo/CLIP4Clip",
       "in a folder msrvtt of one of SKIPBENCH_DATA's folders"},
      {"samples.tsv", "AIGCBench as the authors of AdaptiveDiffusion sampled it", "3 GB",
       "the source shows each file's SHA-256", "huggingface.co/datasets/HankYe/Sampled_AIGCBench_text2image_ar_0.625",
       "unpacked into a folder aigcbench of one of SKIPBENCH_DATA's folders; samples.tsv is made of its samples.txt as "
       "datasets/README.md says"},
  };
  return data;
}

// Null where `name` is not among them.
inline const PublishedFile* FindKnownData(const std::string& name) {
  for (const auto& file : KnownData())
    if (file.name == name) return &file;
  return nullptr;
}

}  // namespace skipbench::cli
