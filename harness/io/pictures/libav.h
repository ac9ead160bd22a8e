// Owners of libav's objects. For mp4.cpp and video.cpp only, in a build with libav.
#pragma once

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/error.h>
#include <libavutil/opt.h>
#include <libswscale/swscale.h>
}

#include <memory>
#include <string>

#include "harness/base/error.h"

namespace skipbench::libav {

template <auto release>
struct Release {
  template <typename T>
  void operator()(T* t) const {
    release(&t);
  }
};
inline void FreeScaler(SwsContext** scaler) { sws_freeContext(*scaler); }

using Codec = std::unique_ptr<AVCodecContext, Release<avcodec_free_context>>;
using Frame = std::unique_ptr<AVFrame, Release<av_frame_free>>;
using Packet = std::unique_ptr<AVPacket, Release<av_packet_free>>;
using Scaler = std::unique_ptr<SwsContext, Release<FreeScaler>>;

inline int Check(int result, const std::string& path, const char* what) {
  if (result >= 0) return result;
  char text[AV_ERROR_MAX_STRING_SIZE] = {};
  av_strerror(result, text, sizeof text);
  Fail("{}: libav: {}: {}", path, what, text);
}

}  // namespace skipbench::libav
