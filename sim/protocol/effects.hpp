// What a handler may do to the world: send, dial, close, start and stop timers, keep a message,
// end its process - and note facts. Facts reach the recorder at once, the rest is carried out in
// order when the handler has returned.
#pragma once

#include "brokersim/fact_sink.hpp"
#include "net/network.hpp"
#include "protocol/message.hpp"
#include "protocol/wire_size.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace brokersim {

/// A timer of one actor, by the actor's own numbering from 0.
enum class TimerSlot : std::uint32_t {};

/// Where and when a handler runs.
struct In {
    Time now;
    MachineId self;
    Duration skew{}; ///< its wall clock is so far ahead; timers do not look at that

    Time wall() const { return now + skew; }
};

/// The stage of what a process sends to itself.
inline constexpr std::uint8_t own_stage = 0xff;

/// A message at its receiver. `packet` names it for defer() and hold(); the message itself lives
/// until the handler returns, or until the packet is freed if it was held.
struct Incoming {
    std::uint32_t packet = no_packet;
    ConnId conn;
    MachineId from;
    std::uint8_t kind = 0;
    std::uint8_t stage = 0; ///< as given to defer(); 0: fresh from the network
    std::uint32_t body = 0;
    std::int32_t bytes = 0;
    std::uint64_t id = 0; ///< number of its transmission
    Api api{};
};

/// What a receiver sees of the packet at `index`.
inline Incoming incoming_of(const Packet& p, std::uint32_t index) {
    return {index, p.conn, p.from, p.kind, p.stage, p.body, p.bytes, p.id, static_cast<Api>(p.api)};
}

/// One effect: 32 bytes, plain.
struct Effect {
    enum class Op : std::uint8_t {
        send,
        dial,
        close,
        arm,
        disarm,
        defer,
        exit,
        crash,
        listen,
        own
    };
    Op op{};
    std::uint8_t stage = 0;
    std::uint32_t subject = 0; ///< packet, timer
    union {
        std::int64_t time; ///< arm, defer, crash
        ConnId conn;       ///< dial, close
    };
    Cause cause;
    Effect() : time(0) {}
};
static_assert(sizeof(Effect) <= 32);

class Effects {
public:
    Effects(Messages& messages, Network& network, Contents& contents)
        : messages_(&messages), network_(&network), contents_(&contents) {}

    // ---- for the loop ----
    void begin(In in, Cause tag, FactSink* sink) {
        in_ = in;
        cause_ = tag;
        sink_ = sink;
        effects_.clear();
        held_ = false;
    }
    const std::vector<Effect>& list() const { return effects_; }
    bool held() const { return held_; }
    Effect& operator[](std::size_t k) { return effects_[k]; }

    // ---- for handlers ----
    /// Notes a fact at the line where it becomes true. What follows has it as its cause.
    template <class F>
    Cause note(const F& fact) {
        if (sink_ != nullptr) cause_ = sink_->tell(in_.now, cause_, fact);
        return cause_;
    }
    /// Notes a fact of which nothing follows: the cause stays what it was.
    template <class F>
    Cause note_aside(const F& fact) {
        return sink_ == nullptr ? cause_ : sink_->tell(in_.now, cause_, fact);
    }
    /// What comes next follows from `cause`: for state that has waited.
    void because(Cause cause) { cause_ = cause; }
    Cause cause() const { return cause_; }

    /// Builds a message in place; it leaves when the handler has returned. Its size is taken then.
    /// Returns a reference that is good until the handler returns.
    template <class M>
    M& send(ConnId conn) {
        std::uint32_t slot = no_packet;
        M& message = prepare<M>(conn, slot);
        send_prepared(slot);
        return message;
    }
    /// Builds a message that send_prepared() will send, in this handler or a later one, or
    /// release() will free.
    template <class M>
    M& prepare(ConnId conn, std::uint32_t& slot) {
        slot = messages_->packets.take();
        const std::uint32_t body = messages_->pool<M>().take();
        Packet& p = messages_->packets[slot];
        p.conn = conn;
        p.from = in_.self;
        p.body = body;
        p.kind = kind_of<M>;
        p.api = static_cast<std::uint8_t>(M::api);
        p.response = is_response(kind_of<M>);
        return messages_->pool<M>()[body];
    }
    void send_prepared(std::uint32_t slot) { add(Effect::Op::send).subject = slot; }
    /// A message from one role of this process to another: no connection carries it. It comes
    /// back from this machine itself, at this instant, with the stage `own_stage`.
    template <class M>
    M& send_to_self() {
        std::uint32_t slot = no_packet;
        M& message = prepare<M>(ConnId{}, slot);
        add(Effect::Op::own).subject = slot;
        return message;
    }
    /// Begins to set up a connection; on_connected, on_refused or nothing follows.
    ConnId dial(MachineId to) {
        const ConnId conn = network_->allocate(in_.self, to);
        add(Effect::Op::dial).conn = conn;
        return conn;
    }
    void close(ConnId conn) { add(Effect::Op::close).conn = conn; }
    /// (Re)starts a timer: it fires at `deadline`, replacing an earlier deadline.
    void arm(TimerSlot timer, Time deadline) {
        Effect& e = add(Effect::Op::arm);
        e.subject = static_cast<std::uint32_t>(timer);
        e.time = deadline.ns;
    }
    void disarm(TimerSlot timer) {
        add(Effect::Op::disarm).subject = static_cast<std::uint32_t>(timer);
    }
    /// The message being handled stays with the receiver (in its own queue); the receiver sees it
    /// again only by defer(), or frees it by release().
    void hold() { held_ = true; }
    /// A held packet comes (back) to this machine at `at`, with `stage`.
    void defer(std::uint32_t packet, Time at, std::uint8_t stage) {
        Effect& e = add(Effect::Op::defer);
        e.subject = packet;
        e.time = at.ns;
        e.stage = stage;
    }
    /// A held packet is done with.
    void release(std::uint32_t packet) { messages_->free(packet); }
    /// The process ends by itself: a controlled shutdown is over, a client has closed.
    void exit() { add(Effect::Op::exit); }
    /// The process dies of an error of its own; somebody starts it again after `restart`, or
    /// nobody.
    void crash(std::optional<Duration> restart) {
        Effect& e = add(Effect::Op::crash);
        e.time = restart ? restart->ns : -1;
    }
    /// Whether new connections are accepted.
    void listen(bool on) { add(Effect::Op::listen).stage = on; }

    template <class M>
    M& body(const Incoming& incoming) {
        return messages_->pool<M>()[incoming.body];
    }
    Messages& messages() { return *messages_; }
    bool open(ConnId conn) const { return network_->open(conn, in_.self); }
    /// The receiver's own word with a connection (see Network::user).
    std::uint32_t& user(ConnId conn) { return network_->user(conn, in_.self); }
    Contents& contents() { return *contents_; }
    const In& in() const { return in_; }

private:
    Effect& add(Effect::Op op) {
        Effect& e = effects_.emplace_back();
        e.op = op;
        e.cause = cause_;
        return e;
    }

    Messages* messages_;
    Network* network_;
    Contents* contents_;
    FactSink* sink_ = nullptr;
    In in_;
    Cause cause_;
    bool held_ = false;
    std::vector<Effect> effects_;
};

} // namespace brokersim
