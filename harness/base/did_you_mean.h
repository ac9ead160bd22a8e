// What was probably meant by a name that nobody knows.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace skipbench {

// The edits (one character added, left out or replaced, or two neighbours swapped) that lead from one text to the
// other: the optimal string alignment distance, of bytes.
size_t EditDistance(std::string_view a, std::string_view b);

// The name of `known` nearest to `given`; "" if none is near, or it is one of them. Near: at most one edit for every
// three characters (one for shorter names), or one begins with the other ("--output", "--out"). Case and the signs
// between words
// ("fid_clean", "fid:clean", "AdaptiveDiffusion") make no difference. Of equally near ones the first.
std::string Nearest(std::string_view given, const std::vector<std::string>& known);

// "; did you mean "psnr"?", or "" where no name is near.
std::string DidYouMean(std::string_view given, const std::vector<std::string>& known);

// "known: psnr, ssim; did you mean "psnr"?": the end of a message about an unknown name.
std::string KnownNames(std::string_view given, const std::vector<std::string>& known);

}  // namespace skipbench
