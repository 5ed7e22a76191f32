// Files in and out: opening, writing under a temporary name, renaming.
#include "cli/files.hpp"

#include "trace/utf8.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace brokersim {

namespace {

constexpr std::size_t shown_path_max = 1000;

/// Calls a system call again as long as a signal interrupts it.
template <class Call>
auto uninterrupted(Call call) {
    auto result = call();
    while (result < 0 && errno == EINTR) {
        result = call();
    }
    return result;
}

int open_input(const std::string& path) {
    // Not blocking, so that a FIFO without writer cannot hold us up before we see what it is.
    return uninterrupted(
        [&] { return ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY); });
}

} // namespace

std::string shown_path(const std::string& path) {
    return path == "-" ? "standard input" : visible(path, shown_path_max);
}

std::string os_error(int number) {
    return std::strerror(number);
}

std::string folder_of(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    if (slash == std::string::npos) { return "."; }
    return slash == 0 ? "/" : path.substr(0, slash);
}

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
    if (this != &other) {
        close();
        fd_ = std::exchange(other.fd_, -1);
        owned_ = other.owned_;
    }
    return *this;
}

Descriptor::~Descriptor() {
    close();
}

bool Descriptor::close() {
    const int fd = std::exchange(fd_, -1);
    return fd < 0 || !owned_ || ::close(fd) == 0;
}

bool InputFile::fail(std::string_view what, int number) {
    error_ = "cannot read " + shown_path(path_) + ": " +
             (number != 0 ? os_error(number) : std::string(what));
    return false;
}

bool InputFile::open(const std::string& path) {
    path_ = path;
    if (path == "-") {
        file_ = Descriptor(STDIN_FILENO, false);
        return true;
    }
    file_ = Descriptor(open_input(path));
    if (!file_.is_open()) { return fail("", errno); }
    struct stat status {};
    if (::fstat(file_.get(), &status) != 0) { return fail("", errno); }
    if (S_ISDIR(status.st_mode)) { return fail("it is a directory", 0); }
    if (!S_ISREG(status.st_mode)) { return fail("it is no regular file", 0); }
    return true;
}

std::ptrdiff_t InputFile::read(char* to, std::size_t size) {
    const ssize_t got = uninterrupted([&] { return ::read(file_.get(), to, size); });
    if (got < 0) { fail("", errno); }
    return got;
}

bool read_whole(const std::string& path, std::size_t bytes_max, std::string& out,
                std::string& error) {
    InputFile file;
    out.clear();
    if (!file.open(path)) {
        error = file.error();
        return false;
    }
    std::size_t have = 0;
    while (have <= bytes_max) {
        out.resize(std::min(have + (std::size_t{1} << 16) + have / 2, bytes_max + 1));
        if (out.size() == have) { break; }
        const std::ptrdiff_t got = file.read(out.data() + have, out.size() - have);
        if (got < 0) {
            error = file.error();
            return false;
        }
        if (got == 0) { break; }
        have += static_cast<std::size_t>(got);
    }
    out.resize(have);
    if (have > bytes_max) {
        error = "cannot read " + shown_path(path) + ": it is larger than the limit of " +
                std::to_string(bytes_max >> 20) + " MiB";
        return false;
    }
    return true;
}

bool is_same_file(const std::string& a, const std::string& b) {
    struct stat first {};
    struct stat second {};
    return ::stat(a.c_str(), &first) == 0 && ::stat(b.c_str(), &second) == 0 &&
           first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

bool OutputFile::fail(int number) {
    if (error_.empty()) {
        error_ = "cannot write " + (path_ == "-" ? "standard output" : shown_path(path_)) + ": " +
                 os_error(number);
    }
    return false;
}

bool OutputFile::create(const std::string& path) {
    path_ = path;
    if (path == "-") {
        file_ = Descriptor(STDOUT_FILENO, false);
        return true;
    }
    struct stat status {};
    if (::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode)) {
        if (S_ISDIR(status.st_mode)) { return fail(EISDIR); }
        if (!S_ISCHR(status.st_mode)) { return fail(EINVAL); }
        file_ = Descriptor(::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY));
        return file_.is_open() || fail(errno);
    }
    return create_beside();
}

bool OutputFile::create_beside() {
    const std::string begin = folder_of(path_) + "/.brokersim.tmp." + std::to_string(::getpid());
    for (int k = 0; k < 1000; ++k) {
        std::string name = begin + "." + std::to_string(k);
        file_ = Descriptor(
            ::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666));
        if (file_.is_open()) {
            temporary_ = std::move(name);
            return true;
        }
        if (errno != EEXIST) { break; }
    }
    return fail(errno);
}

bool OutputFile::write(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t put =
            uninterrupted([&] { return ::write(file_.get(), bytes.data(), bytes.size()); });
        if (put < 0) {
            reader_left_ = errno == EPIPE;
            return fail(errno);
        }
        bytes.remove_prefix(static_cast<std::size_t>(put));
    }
    return true;
}

bool OutputFile::commit() {
    if (!error_.empty()) { return false; }
    if (temporary_.empty()) { return file_.close() || fail(errno); }
    if (::fsync(file_.get()) != 0) { return fail(errno); }
    if (!file_.close()) { return fail(errno); }
    if (::rename(temporary_.c_str(), path_.c_str()) != 0) { return fail(errno); }
    temporary_.clear();
    // The name is durable once the folder is; not every file system can do that, and the file is
    // whole either way.
    const Descriptor folder(::open(folder_of(path_).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (folder.is_open()) { static_cast<void>(::fsync(folder.get())); }
    return true;
}

void OutputFile::discard() {
    file_.close();
    if (!temporary_.empty()) { ::unlink(temporary_.c_str()); }
    temporary_.clear();
}

} // namespace brokersim
