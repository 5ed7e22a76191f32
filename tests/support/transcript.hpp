// Transcripts: commands and their answers as a text that people read (docs/testing.md).
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace brokersim::test {

/// A line `name word key=value …` of a transcript.
struct Command {
    std::string name;
    std::vector<std::string> words; ///< what has no `=`
    std::vector<std::pair<std::string, std::string>> values;
    std::string place; ///< "file:line", for messages

    bool has(const std::string& key) const;
    /// The value of `key`, or `otherwise`.
    std::string text(const std::string& key, const std::string& otherwise) const;
    std::int64_t number(const std::string& key, std::int64_t otherwise) const;
    /// The k-th word; fails the test if it is missing.
    const std::string& word(std::size_t k) const;
};

/// Reads a transcript - comments `# …`, a command, `----`, the answer up to an empty line - and
/// checks that `answer` gives what it says; an empty answer is `ok`. With BROKERSIM_REWRITE=1 in
/// the environment the file is rewritten with the answers of this run instead. A transcript begins
/// with a comment: the sentence that it proves.
void check_transcript(const std::string& file,
                      const std::function<std::string(const Command&)>& answer);

/// The files `*.txt` of a folder, in the order of their names.
std::vector<std::string> transcripts_in(const std::string& folder);

/// Checks all transcripts of a folder, each with a Session of its own. False if there is none.
template <class Session>
bool check_transcripts(const std::string& folder) {
    const std::vector<std::string> files = transcripts_in(folder);
    for (const std::string& file : files) {
        Session session;
        check_transcript(file, [&](const Command& c) { return session(c); });
    }
    return !files.empty();
}

} // namespace brokersim::test
