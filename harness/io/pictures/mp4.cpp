#include "harness/io/pictures/mp4.h"

#include "harness/base/error.h"

#ifdef SKIPBENCH_LIBAV

#include <cmath>

#include "harness/io/pictures/libav.h"

namespace skipbench {

namespace {

using libav::Check;
void FreeFormat(AVFormatContext** format) {
  if ((*format)->pb) avio_closep(&(*format)->pb);
  avformat_free_context(*format);
}
using Format = std::unique_ptr<AVFormatContext, libav::Release<FreeFormat>>;

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
  libav::Codec codec_;
  libav::Scaler scaler_;
  libav::Frame frame_;
  libav::Packet packet_;
  AVStream* stream_ = nullptr;
};

}  // namespace

bool CanWriteMp4() { return true; }

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

bool CanWriteMp4() { return false; }

void WriteMp4(const std::filesystem::path& path, std::span<const Image>, double) {
  Fail(
      "{}: MP4 files need libav, which this skipbench was built without (install libavformat-dev and libswscale-dev, "
      "then build again)",
      path.string());
}

}  // namespace skipbench

#endif
