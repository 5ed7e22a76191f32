// Opening scenario files safely: regular files only, no link out of the scenario's directory.
#include "cli/scenario_file.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace brokersim {
namespace {

constexpr std::string_view too_large = "larger than 64 MiB, the limit";

/// A file descriptor that closes itself.
class Descriptor {
public:
    explicit Descriptor(int fd) : fd_(fd) {}
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() {
        if (fd_ > 0) { ::close(fd_); } // 0 is standard input.
    }
    int get() const { return fd_; }

private:
    int fd_;
};

FileText failed(std::string error) {
    FileText out;
    out.error = std::move(error);
    return out;
}

FileText read_all(int fd) {
    FileText out;
    char buffer[65536];
    for (;;) {
        const ssize_t count = ::read(fd, buffer, sizeof buffer);
        if (count < 0 && errno == EINTR) { continue; }
        if (count < 0) { return failed(std::strerror(errno)); }
        if (count == 0) { break; }
        out.text.append(buffer, static_cast<std::size_t>(count));
        if (out.text.size() > scenario_bytes_max) { return failed(std::string(too_large)); }
    }
    out.found = true;
    return out;
}

/// The directory of a file, "." when the path has none.
std::filesystem::path directory_of(const std::string& path) {
    const auto directory = std::filesystem::path(path).parent_path();
    return directory.empty() ? std::filesystem::path(".") : directory;
}

/// The file at `relative` below `directory`, when no link leads out of it.
FileText read_below(const std::filesystem::path& directory, const std::string& relative) {
    std::error_code failure;
    const auto root = std::filesystem::canonical(directory, failure);
    if (failure) { return failed(failure.message()); }
    const auto file = std::filesystem::canonical(root / relative, failure);
    if (failure) { return failed(failure.message()); }
    auto step = file.begin();
    for (const auto& part : root) {
        if (step == file.end() || *step != part) {
            return failed("it is a link that leads out of the scenario's directory");
        }
        ++step;
    }
    return read_scenario_file(file.string());
}

} // namespace

FileText read_scenario_file(const std::string& path) {
    if (path == "-") { return read_all(STDIN_FILENO); }
    // Not blocking: a FIFO without a writer must not hang.
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    if (file.get() < 0) { return failed(std::strerror(errno)); }
    struct stat info {};
    if (::fstat(file.get(), &info) != 0) { return failed(std::strerror(errno)); }
    if (!S_ISREG(info.st_mode)) {
        return failed(S_ISDIR(info.st_mode) ? "is a directory" : "not a regular file");
    }
    if (info.st_size > static_cast<off_t>(scenario_bytes_max)) {
        return failed(std::string(too_large));
    }
    return read_all(file.get());
}

std::string shown_name(const std::string& path) {
    return path == "-" ? "<stdin>" : path;
}

Loaded load_scenario_file(const std::string& path, LoadOptions options) {
    const FileText file = read_scenario_file(path);
    if (!file.found) {
        Problem problem;
        problem.file = shown_name(path);
        problem.text = "cannot read this file: " + file.error;
        Loaded out;
        out.problems.push_back(std::move(problem));
        return out;
    }
    const auto directory = directory_of(path);
    options.read_file = [directory](const std::string& relative) {
        return read_below(directory, relative);
    };
    return load_scenario(file.text, shown_name(path), options);
}

} // namespace brokersim
