// A broker's request path.
#include "server/request_path.hpp"

#include "engine/assert.hpp"
#include "engine/wide.hpp"

#include <utility>

namespace brokersim {

RequestPath::RequestPath(const ServerConfig& config, const CpuSpec& cpu)
    : handlers_(config.num_io_threads),
      queue_max_(static_cast<std::size_t>(config.queued_max_requests)), cpu_(cpu),
      threads_(static_cast<std::size_t>(config.num_network_threads)) {}

inline std::uint32_t RequestPath::connection_of(ConnId conn, Effects& out) {
    return known(conn, out) ? out.user(conn) : new_connection(conn, out);
}

std::uint32_t RequestPath::new_connection(ConnId conn, Effects& out) {
    std::uint32_t at = 0;
    if (free_.empty()) {
        at = static_cast<std::uint32_t>(connections_.size());
        connections_.emplace_back();
    } else {
        at = free_.back();
        free_.pop_back();
    }
    Connection& c = connections_[at];
    c.conn = conn;
    c.thread = next_thread_++ % static_cast<std::uint32_t>(threads_.size());
    c.muted = false;
    c.unread.clear();
    out.user(conn) = at;
    return at;
}

void RequestPath::on_request(In in, const Incoming& request, Effects& out) {
    out.hold();
    const std::uint32_t at = connection_of(request.conn, out);
    Connection& c = connections_[at];
    Thread& thread = threads_[c.thread];
    const bool others_first = c.muted || !c.unread.empty();
    if (!others_first && thread.blocked_on == no_packet) {
        read(in, c, request.packet, out);
        return;
    }
    c.unread.push_back(request.packet);
    if (!others_first) thread.waiting.push_back(at);
}

void RequestPath::read_next(In in, std::uint32_t at, Effects& out) {
    Connection& c = connections_[at];
    read(in, c, c.unread.pop_front(), out);
}

/// The network thread reads one request and hands it over, or blocks on the full queue.
inline void RequestPath::read(In in, Connection& c, std::uint32_t packet, Effects& out) {
    c.muted = true;
    if (busy_ >= handlers_ && queue_.size() >= queue_max_) [[unlikely]] {
        threads_[c.thread].blocked_on = packet; // Not in the queue yet.
        blocked_.push_back(c.thread);
        return;
    }
    const Packet& p = out.messages().packets[packet];
    out.note_aside(ReqQueued{in.self, p.id, static_cast<Api>(p.api)});
    if (busy_ < handlers_ && queue_.empty()) {
        start(in, packet, out);
    } else {
        queue_.push_back(packet);
    }
}

/// What a request of this size takes a handler.
inline Duration RequestPath::cost(std::int32_t bytes) const {
    Duration cost = cpu_.per_request + Duration{bytes * cpu_.per_byte_millionths / 1'000'000};
    constexpr std::int64_t limit = std::int64_t{1} << 60; // Decades.
    for (const Slow& slow : slow_) {
        const Wide slowed = Wide(cost.ns) * Wide(slow.factor_ppb) / Wide(Ratio::one);
        cost.ns = slowed > Wide(limit) ? limit : static_cast<std::int64_t>(slowed);
    }
    return cost;
}

void RequestPath::hurry(std::uint32_t by) {
    std::erase_if(slow_, [by](const Slow& slow) { return slow.by == by; });
}

inline void RequestPath::start(In in, std::uint32_t packet, Effects& out) {
    ++busy_;
    const Packet& p = out.messages().packets[packet];
    out.note_aside(ReqStarted{in.self, p.id, static_cast<Api>(p.api)});
    out.defer(packet, in.now + cost(p.bytes), handled);
}

void RequestPath::handler_free(In in, Effects& out) {
    BS_ASSERT(busy_ > 0);
    --busy_;
    if (queue_.empty() || busy_ >= handlers_) return;
    start(in, queue_.pop_front(), out);
    if (!blocked_.empty()) unblock(in, out);
}

/// More handlers take on at once what is queued; fewer finish what they have (Kafka:
/// KafkaRequestHandlerPool.resizeThreadPool).
void RequestPath::configure(In in, const ServerConfig& config, Effects& out) {
    handlers_ = config.num_io_threads;
    while (busy_ < handlers_ && !queue_.empty())
        start(in, queue_.pop_front(), out);
    if (!blocked_.empty()) unblock(in, out);
}

/// The queue has room: the thread that blocked first hands over and goes on with its work.
void RequestPath::unblock(In in, Effects& out) {
    while (!blocked_.empty() && queue_.size() < queue_max_) {
        Thread& thread = threads_[blocked_.pop_front()];
        const std::uint32_t packet = std::exchange(thread.blocked_on, no_packet);
        const Packet& p = out.messages().packets[packet];
        out.note_aside(ReqQueued{in.self, p.id, static_cast<Api>(p.api)});
        queue_.push_back(packet);
        while (!thread.responses.empty())
            write(in, thread.responses.pop_front(), out);
        while (!thread.waiting.empty() && thread.blocked_on == no_packet) {
            const std::uint32_t at = thread.waiting.pop_front();
            Connection& c = connections_[at];
            if (&threads_[c.thread] != &thread) continue; // The slot went to another connection.
            if (c.conn.valid() && !c.muted && !c.unread.empty()) read_next(in, at, out);
        }
    }
}

void RequestPath::note_parked(const RequestRef& request, Effects& out) const {
    out.note_aside(ReqParked{out.in().self, request.id, request.api});
}

void RequestPath::deliver(In in, const RequestRef& request, std::uint32_t packet, Effects& out) {
    if (!known(request.conn, out)) { // The client has gone meanwhile.
        out.release(packet);
        return;
    }
    const std::uint32_t at = out.user(request.conn);
    Thread& thread = threads_[connections_[at].thread];
    if (thread.blocked_on != no_packet) [[unlikely]] {
        thread.responses.push_back({packet, at, request});
        return;
    }
    out.send_prepared(packet);
    answered(in, request, at, out);
}

/// A response that has waited for its network thread.
void RequestPath::write(In in, const Response& response, Effects& out) {
    Connection& c = connections_[response.connection];
    if (!(c.conn == response.request.conn) || !out.open(c.conn)) {
        out.release(response.packet);
        return;
    }
    out.send_prepared(response.packet);
    answered(in, response.request, response.connection, out);
}

void RequestPath::no_response(In in, const RequestRef& request, Effects& out) {
    if (known(request.conn, out)) answered(in, request, out.user(request.conn), out);
}

/// The request is done with: its connection is unmuted.
inline void RequestPath::answered(In in, const RequestRef& request, std::uint32_t at,
                                  Effects& out) {
    out.note_aside(ReqDone{in.self, request.id, request.api});
    Connection& c = connections_[at];
    c.muted = false;
    if (c.unread.empty()) return;
    Thread& thread = threads_[c.thread];
    if (thread.blocked_on != no_packet) {
        thread.waiting.push_back(at);
    } else {
        read_next(in, at, out);
    }
}

void RequestPath::close(In in, const RequestRef& request, Effects& out) {
    if (!known(request.conn, out)) return;
    out.note_aside(ReqDone{in.self, request.id, request.api});
    out.close(request.conn);
    on_lost(in, request.conn, out);
}

void RequestPath::on_lost(In, ConnId conn, Effects& out) {
    const std::uint32_t at = out.user(conn);
    if (!is_at(at, conn)) return;
    Connection& c = connections_[at];
    while (!c.unread.empty())
        out.release(c.unread.pop_front());
    c.conn = {};
    free_.push_back(at);
    // Its thread may still name it in `waiting` or `responses`: both check whose slot it is.
}

void RequestPath::stop(Messages& messages) {
    while (!queue_.empty())
        messages.free(queue_.pop_front());
    for (Connection& c : connections_) {
        while (!c.unread.empty())
            messages.free(c.unread.pop_front());
    }
    for (Thread& thread : threads_) {
        if (thread.blocked_on != no_packet) messages.free(thread.blocked_on);
        while (!thread.responses.empty()) {
            const Response response = thread.responses.pop_front();
            messages.free(response.packet);
        }
        thread = Thread{};
    }
    connections_.clear();
    free_.clear();
    blocked_.clear();
    busy_ = 0;
}

} // namespace brokersim
