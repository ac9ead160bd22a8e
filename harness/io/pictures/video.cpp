#include "harness/io/pictures/video.h"

#include "harness/base/error.h"
#include "harness/io/pictures/animation.h"

#ifdef SKIPBENCH_LIBAV

#include "harness/io/pictures/libav.h"

namespace skipbench {
namespace {

using libav::Check;
using Input = std::unique_ptr<AVFormatContext, libav::Release<avformat_close_input>>;

class Reader {
 public:
  Reader(std::string path, int64_t most) : path_(std::move(path)), frames_(most, path_) {
    AVFormatContext* input = nullptr;
    // Files only: a playlist must not make it open something else.
    AVDictionary* options = nullptr;
    av_dict_set(&options, "protocol_whitelist", "file", 0);
    const int opened = avformat_open_input(&input, ("file:" + path_).c_str(), nullptr, &options);
    av_dict_free(&options);
    Check(opened, path_, "cannot be opened");
    input_.reset(input);
    Check(avformat_find_stream_info(input, nullptr), path_, "streams");
    const AVCodec* decoder = nullptr;
    stream_ = Check(av_find_best_stream(input, AVMEDIA_TYPE_VIDEO, -1, -1, &decoder, 0), path_,
                    "no video that can be decoded");
    codec_.reset(avcodec_alloc_context3(decoder));
    Check(avcodec_parameters_to_context(codec_.get(), input->streams[stream_]->codecpar), path_, "parameters");
    codec_->thread_count = 1;
    codec_->err_recognition = AV_EF_EXPLODE | AV_EF_CRCCHECK;
    Check(avcodec_open2(codec_.get(), decoder, nullptr), path_, decoder->name);
    packet_.reset(av_packet_alloc());
    frame_.reset(av_frame_alloc());
    if (!packet_ || !frame_) Fail("{}: libav: no memory", path_);
  }

  std::vector<Image> Read() {
    while (!frames_.Full()) {
      const int result = av_read_frame(input_.get(), packet_.get());
      if (result == AVERROR_EOF) break;
      Check(result, path_, "reading");
      if (packet_->flags & AV_PKT_FLAG_CORRUPT) Fail("{}: libav: a damaged packet (is the file truncated?)", path_);
      if (packet_->stream_index == stream_) Decode(packet_.get());
      av_packet_unref(packet_.get());
    }
    if (!frames_.Full()) Decode(nullptr);
    return frames_.Take();
  }

 private:
  void Decode(const AVPacket* packet) {
    Check(avcodec_send_packet(codec_.get(), packet), path_, "decoding");
    while (!frames_.Full()) {
      const int result = avcodec_receive_frame(codec_.get(), frame_.get());
      if (result == AVERROR(EAGAIN) || result == AVERROR_EOF) return;
      Check(result, path_, "decoding");
      frames_.Add(ToRgb());
    }
  }

  Image ToRgb() {
    const AVFrame& frame = *frame_;
    CheckImageSize(frame.width, frame.height, path_);
    scaler_.reset(sws_getContext(frame.width, frame.height, static_cast<AVPixelFormat>(frame.format), frame.width,
                                 frame.height, AV_PIX_FMT_RGB24, SWS_BICUBIC | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT,
                                 nullptr, nullptr, nullptr));
    if (!scaler_) Fail("{}: libav: frames of this kind cannot be converted to RGB", path_);
    const int* matrix = sws_getCoefficients(
        frame.colorspace == AVCOL_SPC_UNSPECIFIED ? SWS_CS_ITU601 : static_cast<int>(frame.colorspace));
    sws_setColorspaceDetails(scaler_.get(), matrix, frame.color_range == AVCOL_RANGE_JPEG, matrix, 1, 0, 1 << 16,
                             1 << 16);
    Image image{frame.width, frame.height, 3, {}};
    image.pixels.resize(static_cast<size_t>(frame.width) * static_cast<size_t>(frame.height) * 3);
    uint8_t* const to[1] = {image.pixels.data()};
    const int stride[1] = {3 * frame.width};
    Check(sws_scale(scaler_.get(), frame.data, frame.linesize, 0, frame.height, to, stride), path_, "conversion");
    return image;
  }

  std::string path_;
  FrameList frames_;
  Input input_;
  libav::Codec codec_;
  libav::Packet packet_;
  libav::Frame frame_;
  libav::Scaler scaler_;
  int stream_ = -1;
};

}  // namespace

bool CanReadVideos() { return true; }

std::vector<Image> ReadVideo(const std::filesystem::path& path, int64_t most) {
  av_log_set_level(AV_LOG_QUIET);  // what it says of importance comes back as an error
  return Reader(path.string(), most).Read();
}

}  // namespace skipbench

#else

namespace skipbench {

bool CanReadVideos() { return false; }

std::vector<Image> ReadVideo(const std::filesystem::path& path, int64_t) {
  Fail(
      "{}: videos need libav, which this skipbench was built without (install libavformat-dev and libswscale-dev, then "
      "build again); "
      "folders of frames, animated PNG and GIF are read without it",
      path.string());
}

}  // namespace skipbench

#endif
