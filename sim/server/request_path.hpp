// A broker's request path: network threads, one shared queue, request handlers; one request of a
// connection at a time. Kafka: SocketServer.Processor, RequestChannel, KafkaRequestHandler. It
// knows requests by packet and api number only.
#pragma once

#include "brokersim/scenario.hpp"
#include "engine/ring.hpp"
#include "protocol/effects.hpp"

#include <cstdint>
#include <vector>

namespace brokersim {

/// The request that a response answers: where to send it, and its number in the trace.
struct RequestRef {
    ConnId conn;
    std::uint64_t id = 0;
    Api api{};
    Cause cause;
};

/// - A connection stays with one network thread for life, given round robin.
/// - A connection is muted from the moment a request has been read until its response has been
///   sent: what is pipelined behind it waits unread.
/// - A full queue blocks the network thread that wants to hand over; it then neither reads nor
///   writes for any of its connections.
/// - A handler is busy per_request + bytes × per_byte for each request, then runs it to the point
///   where it answers or is parked.
class RequestPath {
public:
    /// `stage` of a packet whose handler has spent its time on it, and of one whose handler has
    /// waited for the disk after that.
    static constexpr std::uint8_t handled = 1;
    static constexpr std::uint8_t stored = 2;

    RequestPath(const ServerConfig& config, const CpuSpec& cpu);

    /// A request arrived from the network (stage 0). Holds its packet.
    void on_request(In in, const Incoming& request, Effects& out);
    /// The handler of `request` (stage `handled`) has run it: takes the next one.
    void handler_free(In in, Effects& out);
    /// For the answer to a request that is being handled or was parked.
    RequestRef ref(const Incoming& request, Effects& out) const {
        return RequestRef{request.conn, request.id, request.api, out.cause()};
    }
    void note_parked(const RequestRef& request, Effects& out) const;

    /// Builds the response in place, in `packet`; deliver() must follow in the same handler.
    template <class M>
    M& respond(const RequestRef& request, std::uint32_t& packet, Effects& out) {
        return out.prepare<M>(request.conn, packet);
    }
    /// Sends what respond() built, now or when its network thread is free to write, and reads the
    /// next request of that connection.
    void deliver(In in, const RequestRef& request, std::uint32_t packet, Effects& out);
    /// The request has no response (acks=0): its connection is unmuted.
    void no_response(In in, const RequestRef& request, Effects& out);
    /// Kafka's answer to a failed acks=0 request: the connection is closed.
    void close(In in, const RequestRef& request, Effects& out);

    /// Handlers take `factor_ppb` billionths as long until hurry(by); several multiply.
    void slow_down(std::uint32_t by, std::int64_t factor_ppb) { slow_.push_back({by, factor_ppb}); }
    void hurry(std::uint32_t by);

    /// num.io.threads may have changed.
    void configure(In in, const ServerConfig& config, Effects& out);

    /// The peer is gone.
    void on_lost(In in, ConnId conn, Effects& out);
    /// The process ends: frees every packet it holds.
    void stop(Messages& messages);

    std::size_t queued() const { return queue_.size(); }

private:
    struct Connection {
        ConnId conn; ///< invalid: a free slot
        std::uint32_t thread = 0;
        bool muted = false;
        Ring<std::uint32_t> unread;
    };
    struct Response {
        std::uint32_t packet = no_packet;
        std::uint32_t connection = 0;
        RequestRef request;
    };
    struct Thread {
        std::uint32_t blocked_on = no_packet; ///< the request it cannot hand over
        Ring<std::uint32_t> waiting;          ///< connections with something to read
        Ring<Response> responses;
    };

    struct Slow {
        std::uint32_t by = 0;
        std::int64_t factor_ppb = 0;
    };

    Duration cost(std::int32_t bytes) const;
    std::uint32_t connection_of(ConnId conn, Effects& out);
    std::uint32_t new_connection(ConnId conn, Effects& out);
    bool is_at(std::uint32_t at, ConnId conn) const {
        return at < connections_.size() && connections_[at].conn == conn;
    }
    bool known(ConnId conn, Effects& out) const {
        return out.open(conn) && is_at(out.user(conn), conn);
    }
    void read_next(In in, std::uint32_t connection, Effects& out);
    void read(In in, Connection& connection, std::uint32_t packet, Effects& out);
    void start(In in, std::uint32_t packet, Effects& out);
    void unblock(In in, Effects& out);
    void write(In in, const Response& response, Effects& out);
    void answered(In in, const RequestRef& request, std::uint32_t connection, Effects& out);

    std::int32_t handlers_ = 8;
    std::size_t queue_max_ = 500;
    CpuSpec cpu_;
    std::vector<Slow> slow_;
    std::int32_t busy_ = 0;
    Ring<std::uint32_t> queue_;
    std::vector<Connection> connections_;
    std::vector<std::uint32_t> free_;
    std::vector<Thread> threads_;
    Ring<std::uint32_t> blocked_; ///< threads, in the order in which they blocked
    std::uint32_t next_thread_ = 0;
};

} // namespace brokersim
