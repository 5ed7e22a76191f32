// Parts of a broker on a table: requests are handed to them, what they want of the world is carried
// out by hand, and their answers are kept.
#pragma once

#include "protocol/effects.hpp"
#include "support/actor_harness.hpp"

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace brokersim::test {

/// Machines b1 … b4 and clients k1 … k9; two topics, `orders` with three partitions and `audit`
/// with one.
inline RunInfo table_info() {
    RunInfo info;
    info.nodes = {"b1", "b2", "b3", "b4"};
    for (int k = 1; k <= 9; ++k)
        info.nodes.push_back("k" + std::to_string(k));
    info.topics = {{"orders", 3, 4, 1, false, false, PartitionId(0)},
                   {"audit", 1, 4, 1, false, false, PartitionId(3)}};
    info.partitions = {"orders/0", "orders/1", "orders/2", "audit/0"};
    info.producers = {{"p", MachineId(4), "all", true, false}};
    return info;
}

/// The world of b1, whose parts are under test.
class EffectsTable {
public:
    EffectsTable()
        : info_(table_info()), facts(info_), network(NetworkSpec{}, info_.nodes, 1),
          out(messages, network, contents) {}
    EffectsTable(const EffectsTable&) = delete;
    EffectsTable& operator=(const EffectsTable&) = delete;

    /// Called with a message that came back by defer(), and with each answer before it is freed.
    std::function<void(const Incoming&)> on_deferred = [](const Incoming&) {};
    std::function<void(const Packet&)> on_send = [](const Packet&) {};
    std::vector<ConnId> dialled, closed;
    Time now;

private:
    RunInfo info_;

public:
    FactLines facts;
    Messages messages;
    Contents contents;
    Network network;
    Effects out;

    static constexpr MachineId self{0};
    In in() const { return In{now, self}; }

    /// A connection that b1 has with a machine (4 = k1).
    ConnId connect(std::int32_t machine) { return network.allocate(self, MachineId(machine)); }

    /// Calls a handler and carries out its effects.
    template <class Call>
    void call(Call handler) {
        out.begin(in(), Cause{}, &facts);
        handler();
        carry_out();
    }
    /// A message from the peer of `conn`; `fill` writes it, `handler` takes it.
    template <class M, class Fill, class Handler>
    std::uint64_t arrive(ConnId conn, std::int32_t bytes, Fill fill, Handler handler) {
        const std::uint32_t index = messages.packets.take();
        Packet& p = messages.packets[index];
        p.id = ++sent_;
        p.conn = conn;
        p.from = network.peer(conn, self);
        p.to = self;
        p.bytes = bytes;
        p.kind = kind_of<M>;
        p.api = static_cast<std::uint8_t>(M::api);
        p.body = messages.pool<M>().take();
        fill(messages.pool<M>()[p.body]);
        const std::uint64_t id = p.id;
        hand_over(index, handler);
        return id;
    }
    /// Deferred messages up to and including `until`.
    void run_until(Time until) {
        for (;;) {
            const auto next =
                std::min_element(deferred_.begin(), deferred_.end(),
                                 [](const Deferred& a, const Deferred& b) { return a.at < b.at; });
            if (next == deferred_.end() || next->at > until) break;
            const Deferred d = *next;
            deferred_.erase(next);
            now = d.at;
            messages.packets[d.packet].stage = d.stage;
            hand_over(d.packet, on_deferred);
        }
        now = until;
    }
    /// The facts so far as lines with the time in ms; forgets them.
    std::string take(std::string_view prefix) {
        std::string text;
        for (const FactLines::Line& line : facts.lines) {
            if (line.text.starts_with(prefix)) text += in_ms(line.at) + " " + line.text + "\n";
        }
        facts.lines.clear();
        return text;
    }

private:
    struct Deferred {
        Time at;
        std::uint32_t packet = 0;
        std::uint8_t stage = 0;
    };

    template <class Handler>
    void hand_over(std::uint32_t index, Handler handler) {
        const Packet p = messages.packets[index];
        const Incoming incoming = incoming_of(p, index);
        out.begin(in(), Cause{}, &facts);
        handler(incoming);
        const bool held = out.held();
        carry_out();
        if (!held) messages.free(index);
    }
    void carry_out() {
        const std::vector<Effect> effects = out.list();
        for (const Effect& effect : effects) {
            switch (effect.op) {
            case Effect::Op::send:
                on_send(messages.packets[effect.subject]);
                messages.free(effect.subject);
                break;
            case Effect::Op::defer:
                deferred_.push_back({Time{effect.time}, effect.subject, effect.stage});
                break;
            case Effect::Op::dial: dialled.push_back(effect.conn); break;
            case Effect::Op::close: closed.push_back(effect.conn); break;
            default: break;
            }
        }
    }

    std::vector<Deferred> deferred_;
    std::uint64_t sent_ = 0;
};

} // namespace brokersim::test
