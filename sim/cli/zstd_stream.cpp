// Traces through zstd, in both directions.
#include "cli/zstd_stream.hpp"

#include <zstd.h>

#include <algorithm>

namespace brokersim {

namespace {

constexpr std::string_view magic("\x28\xb5\x2f\xfd", 4);
constexpr int level = 1; // a trace shrinks to a sixth; higher levels gain little

} // namespace

ZstdSink::ZstdSink(ByteSink& out)
    : out_(out), context_(ZSTD_createCCtx()), buffer_(ZSTD_CStreamOutSize()) {
    ZSTD_CCtx_setParameter(context_, ZSTD_c_compressionLevel, level);
    ZSTD_CCtx_setParameter(context_, ZSTD_c_checksumFlag, 1);
}

ZstdSink::~ZstdSink() {
    ZSTD_freeCCtx(context_);
}

bool ZstdSink::write(std::string_view bytes) {
    return pump(bytes, false);
}

bool ZstdSink::finish() {
    return pump({}, true);
}

bool ZstdSink::pump(std::string_view bytes, bool last) {
    ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
    while (true) {
        ZSTD_outBuffer out{buffer_.data(), buffer_.size(), 0};
        const std::size_t rest =
            ZSTD_compressStream2(context_, &out, &in, last ? ZSTD_e_end : ZSTD_e_continue);
        if (ZSTD_isError(rest) != 0) { return false; }
        if (out.pos > 0 && !out_.write({buffer_.data(), out.pos})) { return false; }
        if (last ? rest == 0 : in.pos == in.size) { return true; }
    }
}

Unpacker::~Unpacker() {
    ZSTD_freeDCtx(context_);
}

bool Unpacker::feed(std::string_view bytes) {
    if (begun_) { return context_ != nullptr ? unpack(bytes) : sink_(bytes); }
    first_ += bytes;
    return first_.size() < magic.size() || begin();
}

bool Unpacker::finish() {
    return begun_ || begin();
}

bool Unpacker::begin() {
    begun_ = true;
    std::string first;
    first.swap(first_);
    if (first.compare(0, magic.size(), magic) != 0) { return first.empty() || sink_(first); }
    context_ = ZSTD_createDCtx();
    buffer_.resize(ZSTD_DStreamOutSize());
    return unpack(first);
}

bool Unpacker::unpack(std::string_view bytes) {
    ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
    frame_ended_ = frame_ended_ && bytes.empty();
    bool full = false;
    while (in.pos < in.size || full) {
        ZSTD_outBuffer out{buffer_.data(), buffer_.size(), 0};
        const std::size_t result = ZSTD_decompressStream(context_, &out, &in);
        if (ZSTD_isError(result) != 0) {
            error_ = std::string("zstd finds the file damaged: ") + ZSTD_getErrorName(result);
            return false;
        }
        frame_ended_ = result == 0;
        full = out.pos == out.size;
        if (out.pos > 0 && !sink_({buffer_.data(), out.pos})) { return false; }
    }
    return true;
}

} // namespace brokersim
