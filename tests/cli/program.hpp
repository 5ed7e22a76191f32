// Runs the program in a folder of its own and tells how it ended.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace brokersim::test {

inline std::string read_file(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

inline void write_file(const std::filesystem::path& path, const std::string& text) {
    std::ofstream(path, std::ios::binary) << text;
}

/// A folder that is removed in the end.
class Folder {
public:
    Folder() {
        std::string name =
            (std::filesystem::temp_directory_path() / "brokersim-test-XXXXXX").string();
        path = ::mkdtemp(name.data());
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    ~Folder() { std::filesystem::remove_all(path); }

    /// The names of what lies in it, without the streams of the last run.
    std::vector<std::string> names() const {
        std::vector<std::string> all;
        for (const auto& entry : std::filesystem::directory_iterator(path)) {
            all.push_back(entry.path().filename().string());
        }
        std::sort(all.begin(), all.end());
        return all;
    }
    std::string file(const std::string& name) const { return (path / name).string(); }

    std::filesystem::path path;
};

struct Ended {
    int status = -1; ///< exit status; 1000 + signal if one killed it
    std::string out, err;
};

/// What the caller of the program does to it.
struct Circumstances {
    std::string in;             ///< standard input
    std::string out_to = {};    ///< standard output goes to this file
    bool out_closed = false;    ///< standard output is closed
    std::size_t file_bytes = 0; ///< limit on the size of files
};

/// Runs the program with these arguments, its working folder being `folder`.
inline Ended run_program(const Folder& folder, std::vector<std::string> arguments,
                         const Circumstances& how = {}) {
    const Folder streams;
    write_file(streams.path / "in", how.in);
    const std::string out = how.out_to.empty() ? streams.file("out") : how.out_to;
    arguments.insert(arguments.begin(), BROKERSIM_PROGRAM);
    std::vector<char*> words;
    for (std::string& argument : arguments) {
        words.push_back(argument.data());
    }
    words.push_back(nullptr);
    const pid_t child = ::fork();
    if (child == 0) {
        const auto redirect = [](const std::string& path, int flags, int to) {
            const int fd = ::open(path.c_str(), flags, 0600);
            ::dup2(fd, to);
            ::close(fd);
        };
        redirect(streams.file("in"), O_RDONLY, 0);
        redirect(out, O_WRONLY | O_CREAT, 1);
        redirect(streams.file("err"), O_WRONLY | O_CREAT, 2);
        if (how.out_closed) { ::close(1); }
        if (how.file_bytes > 0) {
            const rlimit limit{how.file_bytes, how.file_bytes};
            ::setrlimit(RLIMIT_FSIZE, &limit);
        }
        if (::chdir(folder.path.c_str()) != 0) { ::_exit(99); }
        ::execv(words[0], words.data());
        ::_exit(98);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    Ended ended;
    ended.status = WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
    ended.out = how.out_to.empty() ? read_file(out) : "";
    ended.err = read_file(streams.path / "err");
    return ended;
}

} // namespace brokersim::test
