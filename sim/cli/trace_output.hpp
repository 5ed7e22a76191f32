// Where the trace of a run goes: a file, compressed if its name asks for it, or standard output.
#pragma once

#include "cli/files.hpp"
#include "cli/zstd_stream.hpp"

#include <optional>
#include <string>

namespace brokersim {

class TraceOutput final : public ByteSink {
public:
    /// False: error() says why.
    bool create(const std::string& path);
    bool write(std::string_view bytes) override;
    /// After the last byte: the file gets its name. False: error() says why, nothing is left.
    bool commit();
    void discard() { file_.discard(); }

    const std::string& error() const { return file_.error(); }
    bool reader_left() const { return file_.reader_left(); }

private:
    OutputFile file_;
    std::optional<ZstdSink> packer_;
};

/// The file in the folder `folder` for the trace of a scenario of this name: only letters, digits,
/// '.', '_' and '-' remain of it; `number` tells namesakes apart.
std::string trace_name(const std::string& folder, const std::string& scenario, std::size_t number);

} // namespace brokersim
