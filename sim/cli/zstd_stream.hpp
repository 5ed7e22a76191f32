// Compression of traces on their way out and in.
#pragma once

#include "trace/recorder.hpp"

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

struct ZSTD_CCtx_s;
struct ZSTD_DCtx_s;

namespace brokersim {

/// Compresses what is written to it and hands it on.
class ZstdSink final : public ByteSink {
public:
    explicit ZstdSink(ByteSink& out);
    ZstdSink(const ZstdSink&) = delete;
    ZstdSink& operator=(const ZstdSink&) = delete;
    ~ZstdSink() override;

    bool write(std::string_view bytes) override;
    /// Ends the frame. Call once, after the last byte.
    bool finish();

private:
    bool pump(std::string_view bytes, bool last);

    ByteSink& out_;
    ZSTD_CCtx_s* context_;
    std::vector<char> buffer_;
};

/// Recognises zstd by its first bytes, and unpacks it; other bytes pass as they are.
class Unpacker {
public:
    using Sink = std::function<bool(std::string_view)>;

    explicit Unpacker(Sink sink) : sink_(std::move(sink)) {}
    Unpacker(const Unpacker&) = delete;
    Unpacker& operator=(const Unpacker&) = delete;
    ~Unpacker();

    /// False: the sink wants no more, or the frame is damaged: error() is not empty then.
    bool feed(std::string_view bytes);
    /// There are no more bytes: hands on the few that were kept to recognise zstd.
    bool finish();
    const std::string& error() const { return error_; }
    /// It was zstd, and ended in the middle of a frame.
    bool is_cut_off() const { return !frame_ended_; }

private:
    bool begin();
    bool unpack(std::string_view bytes);

    Sink sink_;
    ZSTD_DCtx_s* context_ = nullptr;
    std::vector<char> buffer_;
    std::string first_; ///< until there are enough bytes to tell
    std::string error_;
    bool begun_ = false;
    bool frame_ended_ = true;
};

} // namespace brokersim
