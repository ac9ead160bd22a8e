#include "harness/io/pictures/video.h"

#include "harness/base/error.h"

#ifdef SKIPBENCH_LIBAV

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/error.h>
#include <libavutil/opt.h>
#include <libswscale/swscale.h>
}

#include <cmath>
#include <memory>

#include "harness/io/pictures/animation.h"

namespace skipbench {
namespace {

// Owners of libav's objects.
template <auto release>
struct Release {
  template <typename T>
  void operator()(T* t) const {
    release(&t);
  }
};
void FreeScaler(SwsContext** scaler) { sws_freeContext(*scaler); }

using Codec = std::unique_ptr<AVCodecContext, Release<avcodec_free_context>>;
using Frame = std::unique_ptr<AVFrame, Release<av_frame_free>>;
using Packet = std::unique_ptr<AVPacket, Release<av_packet_free>>;
using Scaler = std::unique_ptr<SwsContext, Release<FreeScaler>>;

int Check(int result, const std::string& path, const char* what) {
  if (result >= 0) return result;
  char text[AV_ERROR_MAX_STRING_SIZE] = {};
  av_strerror(result, text, sizeof text);
  Fail("{}: libav: {}: {}", path, what, text);
}

using Input = std::unique_ptr<AVFormatContext, Release<avformat_close_input>>;

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
    Image image;
    image.Resize(frame.width, frame.height);
    uint8_t* const to[1] = {image.pixels.data()};
    const int stride[1] = {3 * frame.width};
    Check(sws_scale(scaler_.get(), frame.data, frame.linesize, 0, frame.height, to, stride), path_, "conversion");
    return image;
  }

  std::string path_;
  FrameList frames_;
  Input input_;
  Codec codec_;
  Packet packet_;
  Frame frame_;
  Scaler scaler_;
  int stream_ = -1;
};

void FreeFormat(AVFormatContext** format) {
  if ((*format)->pb) avio_closep(&(*format)->pb);
  avformat_free_context(*format);
}
using Format = std::unique_ptr<AVFormatContext, Release<FreeFormat>>;

// One clip on its way into one file.
class Writer {
 public:
  Writer(std::string path, const Image& first, double fps) : path_(std::move(path)) {
    AVFormatContext* format = nullptr;
    Check(avformat_alloc_output_context2(&format, nullptr, "mp4", path_.c_str()), path_, "mp4");
    format_.reset(format);
    OpenEncoder(first, fps);
    stream_ = avformat_new_stream(format, nullptr);
    if (!stream_) Fail("{}: libav: no stream", path_);
    Check(avcodec_parameters_from_context(stream_->codecpar, codec_.get()), path_, "parameters");
    stream_->time_base = codec_->time_base;
    Check(avio_open(&format->pb, path_.c_str(), AVIO_FLAG_WRITE), path_, "cannot be opened");
    Check(avformat_write_header(format, nullptr), path_, "header");
    packet_.reset(av_packet_alloc());
  }

  void Write(const Image& image) {
    if (image.width != width_ || image.height != height_)
      Fail("{}: frames of {} x {} and {} x {} pixels", path_, image.width, image.height, width_, height_);
    Check(av_frame_make_writable(frame_.get()), path_, "frame");
    // Scaled to even sides; the pixels stay where they are but for the last column and row.
    const uint8_t* from[1] = {image.pixels.data()};
    const int stride[1] = {3 * image.width};
    Check(sws_scale(scaler_.get(), from, stride, 0, image.height, frame_->data, frame_->linesize), path_, "conversion");
    frame_->pts = next_++;
    Encode(frame_.get());
  }

  void Finish() {
    Encode(nullptr);
    Check(av_write_trailer(format_.get()), path_, "trailer");
  }

 private:
  void OpenEncoder(const Image& first, double fps) {
    const AVCodec* encoder = avcodec_find_encoder_by_name("libx264");
    if (!encoder) encoder = avcodec_find_encoder(AV_CODEC_ID_MPEG4);
    if (!encoder) Fail("{}: libav has no encoder for H.264 or MPEG-4", path_);
    width_ = first.width;
    height_ = first.height;
    codec_.reset(avcodec_alloc_context3(encoder));
    codec_->width = (width_ + 1) / 2 * 2;
    codec_->height = (height_ + 1) / 2 * 2;
    codec_->pix_fmt = AV_PIX_FMT_YUV420P;
    codec_->time_base = {1000, static_cast<int>(std::lround(1000 * fps))};
    codec_->framerate = {codec_->time_base.den, codec_->time_base.num};
    codec_->bit_rate = 4'000'000;
    codec_->thread_count = 1;
    if (format_->oformat->flags & AVFMT_GLOBALHEADER) codec_->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    av_opt_set(codec_->priv_data, "crf", "16", 0);  // libx264's; others have no such option
    Check(avcodec_open2(codec_.get(), encoder, nullptr), path_, encoder->name);
    scaler_.reset(sws_getContext(width_, height_, AV_PIX_FMT_RGB24, codec_->width, codec_->height, codec_->pix_fmt,
                                 SWS_BILINEAR, nullptr, nullptr, nullptr));
    frame_.reset(av_frame_alloc());
    if (!scaler_ || !frame_) Fail("{}: libav: no memory", path_);
    frame_->format = codec_->pix_fmt;
    frame_->width = codec_->width;
    frame_->height = codec_->height;
    Check(av_frame_get_buffer(frame_.get(), 0), path_, "frame");
  }

  void Encode(const AVFrame* frame) {
    Check(avcodec_send_frame(codec_.get(), frame), path_, "encoding");
    while (true) {
      const int result = avcodec_receive_packet(codec_.get(), packet_.get());
      if (result == AVERROR(EAGAIN) || result == AVERROR_EOF) return;
      Check(result, path_, "encoding");
      // Without it the track ends with the start of its last frame, and players leave that out.
      packet_->duration = 1;
      av_packet_rescale_ts(packet_.get(), codec_->time_base, stream_->time_base);
      packet_->stream_index = stream_->index;
      Check(av_interleaved_write_frame(format_.get(), packet_.get()), path_, "writing");
    }
  }

  std::string path_;
  int width_ = 0, height_ = 0;
  int64_t next_ = 0;
  Format format_;
  Codec codec_;
  Scaler scaler_;
  Frame frame_;
  Packet packet_;
  AVStream* stream_ = nullptr;
};

}  // namespace

bool HasLibav() { return true; }

std::vector<Image> ReadVideo(const std::filesystem::path& path, int64_t most) {
  av_log_set_level(AV_LOG_QUIET);  // what it says of importance comes back as an error
  return Reader(path.string(), most).Read();
}

void WriteMp4(const std::filesystem::path& path, std::span<const Image> frames, double fps) {
  if (frames.empty()) Fail("{}: no frames to write", path.string());
  av_log_set_level(AV_LOG_ERROR);
  const std::filesystem::path beside = path.string() + ".part";
  {
    Writer writer(beside.string(), frames[0], fps);
    for (const Image& frame : frames) writer.Write(frame);
    writer.Finish();
  }
  std::filesystem::rename(beside, path);
}

}  // namespace skipbench

#else

namespace skipbench {
namespace {

[[noreturn]] void FailWithoutLibav(const std::filesystem::path& path, const char* what, const char* instead) {
  Fail(
      "{}: {} need libav, which this skipbench was built without (install libavformat-dev and libswscale-dev, then "
      "build again){}",
      path.string(), what, instead);
}

}  // namespace

bool HasLibav() { return false; }

std::vector<Image> ReadVideo(const std::filesystem::path& path, int64_t) {
  FailWithoutLibav(path, "videos", "; folders of frames, animated PNG and GIF are read without it");
}

void WriteMp4(const std::filesystem::path& path, std::span<const Image>, double) {
  FailWithoutLibav(path, "MP4 files", "");
}

}  // namespace skipbench

#endif
