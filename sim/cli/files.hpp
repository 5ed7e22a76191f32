// Files in and out: regular ones only, whole ones only.
#pragma once

#include "trace/recorder.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace brokersim {

/// A file descriptor that is closed in the end.
class Descriptor {
public:
    Descriptor() = default;
    explicit Descriptor(int fd, bool owned = true) : fd_(fd), owned_(owned) {}
    Descriptor(Descriptor&& other) noexcept : fd_(other.fd_), owned_(other.owned_) {
        other.fd_ = -1;
    }
    Descriptor& operator=(Descriptor&& other) noexcept;
    ~Descriptor();

    int get() const { return fd_; }
    bool is_open() const { return fd_ >= 0; }
    /// False: closing told of an error.
    bool close();

private:
    int fd_ = -1;
    bool owned_ = true;
};

/// An input: a regular file, or "-" for standard input.
class InputFile {
public:
    /// False: error() says why, with the name.
    bool open(const std::string& path);
    /// Up to `size` bytes; 0 at the end; negative: error() says why.
    std::ptrdiff_t read(char* to, std::size_t size);
    const std::string& error() const { return error_; }

private:
    bool fail(std::string_view what, int number);

    Descriptor file_;
    std::string path_;
    std::string error_;
};

/// All bytes of an input, at most `bytes_max`. False: `error` says why, with the name.
bool read_whole(const std::string& path, std::size_t bytes_max, std::string& out,
                std::string& error);

/// Whether two paths lead to the same file, links followed.
bool is_same_file(const std::string& a, const std::string& b);

/// An output that appears under its name only when it is whole: a temporary file beside it is
/// renamed by commit(). Devices and "-" (standard output) are written to directly.
class OutputFile final : public ByteSink {
public:
    OutputFile() = default;
    OutputFile(const OutputFile&) = delete;
    OutputFile& operator=(const OutputFile&) = delete;
    /// Without commit() nothing is left behind.
    ~OutputFile() override { discard(); }

    /// False: error() says why, with the name.
    bool create(const std::string& path);
    bool write(std::string_view bytes) override;
    /// Makes it durable and gives it its name.
    bool commit();
    void discard();

    const std::string& error() const { return error_; }
    bool is_standard_output() const { return path_ == "-"; }
    /// Standard output was closed by its reader.
    bool reader_left() const { return reader_left_; }

private:
    bool fail(int number);
    bool create_beside();

    Descriptor file_;
    std::string path_;
    std::string temporary_; ///< empty: written directly, or committed
    std::string error_;
    bool reader_left_ = false;
};

/// `path` for a message.
std::string shown_path(const std::string& path);
/// What errno `number` means, without locale.
std::string os_error(int number);
/// The folder of a path, "." if it names none.
std::string folder_of(const std::string& path);

} // namespace brokersim
