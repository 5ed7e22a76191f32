// What the program leaves in files, and what it never leaves.
#include "cli/files.hpp"
#include "cli/program.hpp"
#include "cli/trace_output.hpp"
#include "cli/zstd_stream.hpp"
#include "trace/histories.hpp"

#include <doctest/doctest.h>

using namespace brokersim;
using test::Folder;

using Names = std::vector<std::string>;

TEST_CASE("an output has its name only when it is whole") {
    const Folder folder;
    test::write_file(folder.file("x"), "old");
    OutputFile out;
    REQUIRE(out.create(folder.file("x")));
    CHECK(out.write("new"));
    CHECK(test::read_file(folder.path / "x") == "old");
    CHECK(out.commit());
    CHECK(test::read_file(folder.path / "x") == "new");
    CHECK(folder.names() == Names{"x"});
}

TEST_CASE("an output that is given up leaves nothing, and the old file alone") {
    const Folder folder;
    test::write_file(folder.file("x"), "old");
    {
        OutputFile out;
        REQUIRE(out.create(folder.file("x")));
        CHECK(out.write("new"));
        CHECK(folder.names().size() == 2);
    }
    CHECK(folder.names() == Names{"x"});
    CHECK(test::read_file(folder.path / "x") == "old");
}

TEST_CASE("two outputs beside each other do not meet") {
    const Folder folder;
    OutputFile a;
    OutputFile b;
    REQUIRE(a.create(folder.file("x")));
    REQUIRE(b.create(folder.file("x")));
    CHECK(a.write("a"));
    CHECK(b.write("bb"));
    CHECK(a.commit());
    CHECK(b.commit());
    CHECK(test::read_file(folder.path / "x") == "bb");
    CHECK(folder.names() == Names{"x"});
}

TEST_CASE("places that cannot hold an output are told with their name") {
    const Folder folder;
    OutputFile missing;
    CHECK(!missing.create(folder.file("nope/t.jsonl")));
    CHECK(missing.error().find("nope/t.jsonl") != std::string::npos);
    std::filesystem::create_directory(folder.path / "d");
    OutputFile directory;
    CHECK(!directory.create(folder.file("d")));
    OutputFile full;
    REQUIRE(full.create("/dev/full"));
    CHECK(!full.write("x"));
    CHECK(!full.commit());
    CHECK(full.error().find("/dev/full") != std::string::npos);
    CHECK(std::filesystem::is_character_file("/dev/full"));
    CHECK(folder.names() == Names{"d"});
}

TEST_CASE("an input may not be larger than its limit") {
    const Folder folder;
    test::write_file(folder.file("x"), std::string(3000, 'a'));
    std::string bytes;
    std::string error;
    CHECK(read_whole(folder.file("x"), 3000, bytes, error));
    CHECK(bytes == std::string(3000, 'a'));
    CHECK(!read_whole(folder.file("x"), 2999, bytes, error));
    CHECK(error.find("larger") != std::string::npos);
}

TEST_CASE("links do not hide that two names mean one file") {
    const Folder folder;
    test::write_file(folder.file("a"), "");
    test::write_file(folder.file("b"), "");
    std::filesystem::create_symlink("a", folder.path / "link");
    std::filesystem::create_hard_link(folder.path / "a", folder.path / "hard");
    CHECK(is_same_file(folder.file("a"), folder.file("link")));
    CHECK(is_same_file(folder.file("hard"), folder.file("a")));
    CHECK(!is_same_file(folder.file("a"), folder.file("b")));
    CHECK(!is_same_file(folder.file("a"), folder.file("nope")));
}

TEST_CASE("what is packed can be unpacked, in pieces of any size, and plain bytes pass") {
    std::string bytes;
    for (std::int64_t k = 0; k < 100000; ++k) {
        bytes += std::to_string(k * k);
    }
    test::MemorySink sink;
    ZstdSink zstd(sink);
    for (std::size_t at = 0; at < bytes.size(); at += 10007) {
        REQUIRE(zstd.write(std::string_view(bytes).substr(at, 10007)));
    }
    REQUIRE(zstd.finish());
    CHECK(sink.bytes.size() < bytes.size() / 2);
    for (const std::string& file : {sink.bytes, bytes}) {
        for (const std::size_t piece : {std::size_t{7}, std::size_t{1000}, file.size()}) {
            std::string out;
            Unpacker unpacker([&](std::string_view part) {
                out += part;
                return true;
            });
            bool fine = true;
            for (std::size_t at = 0; at < file.size(); at += piece) {
                fine = fine && unpacker.feed(std::string_view(file).substr(at, piece));
            }
            REQUIRE(fine);
            REQUIRE(unpacker.finish());
            CHECK(out == bytes);
        }
    }
}

TEST_CASE("a scenario's name becomes a file name that stays in its folder") {
    CHECK(trace_name("d", "replication-table", 1) == "d/replication-table.jsonl");
    CHECK(trace_name("d", "replication-table", 2) == "d/replication-table-2.jsonl");
    const std::string odd = trace_name("d", "../../etc/passwd", 1);
    CHECK(odd.find('/') == 1);
    CHECK(odd.rfind('/') == 1);
    CHECK(trace_name("d", "a/b", 1) != trace_name("d", "a:b", 1));
    CHECK(trace_name("d", std::string(500, 'x'), 1).size() < 130);
}
