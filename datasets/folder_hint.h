// What is in a folder that was meant to be a collection of pictures and is none: for messages.
#pragma once

#include <filesystem>
#include <string>

namespace skipbench {

// Of a folder without pictures: "; it holds CIFAR-10's Python version ...", "; there are 12 files, 0.tar (a tar
// archive) the first"; empty where there is nothing to say. Looks at the folder itself and at what is directly in it.
std::string WhatIsThere(const std::filesystem::path& path);

}  // namespace skipbench
