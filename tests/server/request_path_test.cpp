// Network threads, the request queue and the handlers of a broker.
#include "server/request_path.hpp"
#include "support/effects_table.hpp"

#include <doctest/doctest.h>

#include <map>
#include <set>

using namespace brokersim;

namespace {

/// A broker that answers every request when its handler is done, but for those that it parks.
class Server {
public:
    Server(std::int32_t threads, std::int32_t handlers, std::int32_t queue)
        : path(settings(threads, handlers, queue), CpuSpec{milliseconds(10), 0}) {
        table.on_deferred = [this](const Incoming& request) {
            CHECK(request.stage == RequestPath::handled);
            handled(request);
        };
    }

    test::EffectsTable table;
    RequestPath path;
    std::set<std::uint64_t> parks; ///< numbers of requests
    std::map<std::uint64_t, RequestRef> parked;

    std::uint64_t request(ConnId conn, std::int32_t bytes = 0) {
        return table.arrive<ApiVersionsRequest>(
            conn, bytes, [](ApiVersionsRequest&) {},
            [this](const Incoming& r) { path.on_request(table.in(), r, table.out); });
    }
    void answer(std::uint64_t number) {
        table.call([&] { respond(parked.at(number)); });
    }
    void lose(ConnId conn) {
        table.call([&] { path.on_lost(table.in(), conn, table.out); });
    }
    std::string run_to(std::int64_t ms) {
        table.run_until(Time{} + milliseconds(ms));
        return told();
    }
    /// `10 started 2`: what happened to which request.
    std::string told() {
        std::string text;
        for (const test::FactLines::Line& line : table.facts.lines) {
            const std::string& t = line.text; // req.started node=b1 id=2 api=ApiVersions
            const std::size_t id = t.find("id=") + 3;
            text += test::in_ms(line.at) + " " + t.substr(4, t.find(' ') - 4) + " " +
                    t.substr(id, t.find(' ', id) - id) + "\n";
        }
        table.facts.lines.clear();
        return text;
    }
    std::size_t messages_in_use() {
        return table.messages.pool<ApiVersionsRequest>().in_use() +
               table.messages.pool<ApiVersionsResponse>().in_use();
    }

private:
    static ServerConfig settings(std::int32_t threads, std::int32_t handlers, std::int32_t queue) {
        ServerConfig config;
        config.num_network_threads = threads;
        config.num_io_threads = handlers;
        config.queued_max_requests = queue;
        return config;
    }
    void respond(const RequestRef& ref) {
        std::uint32_t packet = no_packet;
        path.respond<ApiVersionsResponse>(ref, packet, table.out);
        path.deliver(table.in(), ref, packet, table.out);
    }
    void handled(const Incoming& request) {
        const RequestRef ref = path.ref(request, table.out);
        if (parks.count(request.id) == 0) {
            respond(ref);
        } else {
            parked[request.id] = ref;
            path.note_parked(ref, table.out);
        }
        path.handler_free(table.in(), table.out);
    }
};

} // namespace

TEST_CASE("a connection is muted from the reading of a request until its response is sent") {
    Server server(1, 8, 500);
    const ConnId first = server.table.connect(4);
    server.request(first);
    server.request(first); // Stays unread: no queue time, no handler.
    server.request(server.table.connect(5));
    CHECK(server.run_to(15) == "0 queued 1\n0 started 1\n0 queued 3\n0 started 3\n"
                               "10 done 1\n10 queued 2\n10 started 2\n10 done 3\n");
    CHECK(server.run_to(30) == "20 done 2\n");
    CHECK(server.messages_in_use() == 0);
}

TEST_CASE("as many requests are handled at once as there are handlers, the others queue") {
    Server server(3, 2, 500);
    for (std::int32_t k = 0; k < 5; ++k)
        server.request(server.table.connect(4 + k));
    CHECK(server.path.queued() == 3);
    CHECK(server.run_to(10) == "0 queued 1\n0 started 1\n0 queued 2\n0 started 2\n0 queued 3\n"
                               "0 queued 4\n0 queued 5\n"
                               "10 done 1\n10 started 3\n10 done 2\n10 started 4\n");
    CHECK(server.run_to(30) == "20 done 3\n20 started 5\n20 done 4\n30 done 5\n");
}

TEST_CASE("a handler is busy for a request and for each of its bytes") {
    Server server(1, 1, 500);
    server.path = RequestPath(ServerConfig{}, CpuSpec{milliseconds(1), 2'000'000'000});
    server.request(server.table.connect(4), 1'000'000); // 2 µs a byte.
    CHECK(server.run_to(2000) == "0 queued 1\n0 started 1\n");
    CHECK(server.run_to(2001) == "2001 done 1\n");
}

TEST_CASE("a slow processor makes handlers take longer; two causes multiply, until each ends") {
    Server server(1, 1, 500);
    server.path.slow_down(1, 3'000'000'000);
    server.request(server.table.connect(4));
    CHECK(server.run_to(30) == "0 queued 1\n0 started 1\n30 done 1\n");
    server.path.slow_down(2, 2'000'000'000);
    server.request(server.table.connect(5));
    CHECK(server.run_to(90) == "30 queued 2\n30 started 2\n90 done 2\n");
    server.path.hurry(1);
    server.request(server.table.connect(6));
    CHECK(server.run_to(110) == "90 queued 3\n90 started 3\n110 done 3\n");
    server.path.hurry(2);
    server.request(server.table.connect(7));
    CHECK(server.run_to(120) == "110 queued 4\n110 started 4\n120 done 4\n");
}

TEST_CASE("a parked request holds its connection, not its handler") {
    Server server(1, 1, 500);
    server.parks = {1};
    const ConnId first = server.table.connect(4);
    server.request(first);
    server.request(first);
    server.request(server.table.connect(5));
    CHECK(server.run_to(100) == "0 queued 1\n0 started 1\n0 queued 3\n10 parked 1\n10 started 3\n"
                                "20 done 3\n");
    server.answer(1);
    CHECK(server.told() == "100 done 1\n100 queued 2\n100 started 2\n");
    CHECK(server.run_to(200) == "110 done 2\n");
    CHECK(server.messages_in_use() == 0);
}

TEST_CASE("a full queue blocks the network thread: it neither reads nor writes") {
    Server server(1, 1, 1);
    server.parks = {1};
    for (std::int32_t k = 0; k < 2; ++k)
        server.request(server.table.connect(4 + k));
    CHECK(server.run_to(15) == "0 queued 1\n0 started 1\n0 queued 2\n10 parked 1\n10 started 2\n");
    server.request(server.table.connect(6)); // Fills the queue.
    server.request(server.table.connect(7)); // Blocks the thread.
    server.request(server.table.connect(8)); // Is not even read.
    CHECK(server.told() == "15 queued 3\n");
    server.answer(1); // Ready at 15, but its thread cannot write.
    CHECK(server.told().empty());
    // At 20 the handler takes 3, so 4 gets into the queue, and the thread writes what it owes.
    CHECK(server.run_to(20) == "20 started 3\n20 queued 4\n20 done 1\n20 done 2\n");
    CHECK(server.path.queued() == 1); // 5 blocks the thread in its turn.
    CHECK(server.run_to(30) == "30 started 4\n30 queued 5\n30 done 3\n");
    server.run_to(100);
    CHECK(server.messages_in_use() == 0);
}

TEST_CASE("the other network threads go on; connections are given to threads round robin") {
    Server server(2, 1, 1);
    server.parks = {1, 2};
    const ConnId first = server.table.connect(4);  // Thread 0.
    const ConnId second = server.table.connect(5); // Thread 1.
    server.request(first);
    server.run_to(10);
    server.request(second);
    server.run_to(20);
    server.told();
    server.request(server.table.connect(6)); // Thread 0: handled.
    server.request(server.table.connect(7)); // Thread 1: queued.
    server.request(server.table.connect(8)); // Thread 0 blocks.
    server.told();
    server.answer(1);
    CHECK(server.told().empty());
    server.answer(2);
    CHECK(server.told() == "20 done 2\n");
    server.run_to(100);
    CHECK(server.messages_in_use() == 0);
}

TEST_CASE("a lost connection drops what was unread, and a late answer to it") {
    Server server(1, 8, 500);
    server.parks = {1};
    const ConnId conn = server.table.connect(4);
    server.request(conn);
    server.request(conn);
    server.run_to(10);
    server.lose(conn);
    server.told();
    server.answer(1);
    CHECK(server.told().empty());
    CHECK(server.run_to(100).empty());
    CHECK(server.messages_in_use() == 0);
}

TEST_CASE("the end of the process frees every message that it holds") {
    Server server(1, 1, 1);
    const ConnId conn = server.table.connect(4);
    for (std::int32_t k = 0; k < 3; ++k)
        server.request(conn);
    for (std::int32_t k = 0; k < 4; ++k)
        server.request(server.table.connect(5 + k));
    CHECK(server.messages_in_use() == 7);
    server.path.stop(server.table.messages);
    CHECK(server.messages_in_use() == 1); // The one in its handler comes back by the world.
}
