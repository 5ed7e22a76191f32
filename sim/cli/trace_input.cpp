// Trace files: unpacked, checked, in lines.
#include "cli/trace_input.hpp"

#include "cli/files.hpp"
#include "cli/terminal.hpp"
#include "cli/zstd_stream.hpp"

#include <utility>
#include <vector>

namespace brokersim {
namespace {

constexpr std::size_t piece_bytes = std::size_t{1} << 16;

/// Cuts a stream of bytes into lines.
class Lines {
public:
    /// `line` gets each with its LF; false ends it.
    explicit Lines(std::function<bool(std::string_view)> line) : line_(std::move(line)) {}

    bool feed(std::string_view bytes) {
        while (!bytes.empty()) {
            const std::size_t end = bytes.find('\n');
            if (end == std::string_view::npos) {
                rest_ += bytes;
                // A line that is too long is damage: the reader says so when it gets it.
                return rest_.size() <= TraceReader::line_bytes_max + 1 || finish();
            }
            const std::string_view own = bytes.substr(0, end + 1);
            if (rest_.empty() ? !line_(own) : !line_(rest_ += own)) { return false; }
            rest_.clear();
            bytes.remove_prefix(end + 1);
        }
        return true;
    }
    bool finish() {
        const std::string last = std::exchange(rest_, {});
        return last.empty() || line_(last);
    }

private:
    std::function<bool(std::string_view)> line_;
    std::string rest_;
};

struct Passed {
    bool fine = false;    ///< everything was taken
    bool cut_off = false; ///< a packed file that ends too early
    std::string error;    ///< of the file
};

/// Feeds the unpacked bytes of a file to `take` until it returns false.
Passed pass(const std::string& path, const std::function<bool(std::string_view)>& take) {
    InputFile file;
    Passed out;
    if (!file.open(path)) {
        out.error = file.error();
        return out;
    }
    Unpacker unpacker(take);
    std::vector<char> buffer(piece_bytes);
    out.fine = true;
    while (out.fine) {
        const std::ptrdiff_t got = file.read(buffer.data(), buffer.size());
        if (got < 0) {
            out.error = file.error();
            return out;
        }
        if (got == 0) { break; }
        out.fine = unpacker.feed({buffer.data(), static_cast<std::size_t>(got)});
    }
    out.fine = out.fine && unpacker.finish();
    out.cut_off = unpacker.is_cut_off();
    if (!unpacker.error().empty()) { out.error = shown_path(path) + ": " + unpacker.error(); }
    return out;
}

std::string verdict(const std::string& path, bool partial, Passed passed, TraceReader& reader) {
    if (!passed.error.empty()) { return passed.error; }
    if (passed.fine && reader.finish() && !passed.cut_off) { return {}; }
    const std::string name = shown_path(path) + ": ";
    const bool incomplete = reader.incomplete() || passed.cut_off;
    const std::string problem =
        name +
        (passed.cut_off ? "the trace is incomplete: its packed file was cut off" : reader.error());
    if (!passed.fine || !incomplete) { return name + reader.error(); }
    if (!reader.has_header()) { return problem; }
    if (!partial) { return problem + "; --partial shows what is there"; }
    tell("note: " + problem + "\n");
    return {};
}

} // namespace

std::string read_trace(const std::string& path, bool partial, TraceReader& reader) {
    Passed passed = pass(path, [&](std::string_view bytes) { return reader.feed(bytes); });
    return verdict(path, partial, std::move(passed), reader);
}

std::string read_trace_lines(const std::string& path, bool partial, TraceReader& reader,
                             const std::function<void(std::string_view)>& line) {
    Lines lines([&](std::string_view text) {
        if (!reader.feed(text)) { return false; }
        line(text);
        return true;
    });
    Passed passed = pass(path, [&](std::string_view bytes) { return lines.feed(bytes); });
    passed.fine = passed.fine && lines.finish();
    return verdict(path, partial, std::move(passed), reader);
}

std::string read_lines(const std::string& path, const std::function<bool(std::string_view)>& line) {
    Lines lines(line);
    Passed passed = pass(path, [&](std::string_view bytes) { return lines.feed(bytes); });
    if (passed.fine) { lines.finish(); }
    return passed.error;
}

void tell_of_unknown(const TraceReader& reader) {
    if (reader.skipped_events() == 0) { return; }
    tell("note: " + std::to_string(reader.skipped_events()) +
         " events that this version does not know were passed over\n");
}

} // namespace brokersim
