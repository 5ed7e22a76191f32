// A network on a table: connections and messages between a few machines, and what came of them as
// lines of text.
#pragma once

#include "net/network.hpp"

#include <string>
#include <utility>
#include <vector>

namespace brokersim::test {

/// One way takes 1 ms, whatever the size.
inline NetworkSpec plain_network() {
    NetworkSpec spec;
    spec.bandwidth = 0;
    spec.latency = Distribution::constant(milliseconds(1));
    return spec;
}

/// Times are told in microseconds. Messages are numbers.
class NetTable final : public FactSink {
public:
    explicit NetTable(const NetworkSpec& spec,
                      std::vector<std::string> machines = {"b1", "b2", "b3"})
        : names_(std::move(machines)), network(spec, names_, 1) {
        for (std::size_t k = 0; k < names_.size(); ++k) {
            network.set_up(MachineId(k), true);
            network.set_listening(MachineId(k), true);
        }
    }

    MachineId machine(const std::string& name) const {
        for (std::size_t k = 0; k < names_.size(); ++k) {
            if (names_[k] == name) return MachineId(k);
        }
        return {};
    }
    ConnId dial(const std::string& from, const std::string& to) {
        const ConnId conn = network.allocate(machine(from), machine(to));
        Wire w = wire();
        network.dial(w, conn, Cause{});
        return conn;
    }
    /// A connection that is set up, with ports that have been idle for long.
    ConnId connected(const std::string& from, const std::string& to) {
        const ConnId conn = dial(from, to);
        run_for(seconds(1));
        log_.clear();
        return conn;
    }
    bool send(ConnId conn, const std::string& from, std::int32_t bytes, std::uint32_t number) {
        const std::uint32_t index = packets_.take();
        Packet& p = packets_[index];
        p.conn = conn;
        p.from = machine(from);
        p.bytes = bytes;
        p.body = number;
        Wire w = wire();
        const bool sent = network.send(w, index);
        if (!sent) packets_.give(index);
        return sent;
    }
    void close(ConnId conn, const std::string& by) {
        Wire w = wire();
        network.close(w, conn, machine(by), Cause{});
    }
    void crash(const std::string& name) {
        Wire w = wire();
        network.crash(w, machine(name), Cause{}, dead_);
        bury();
    }
    void power_off(const std::string& name) {
        Wire w = wire();
        network.power_off(w, machine(name), Cause{}, dead_);
        bury();
    }
    void cut(const std::string& from, const std::string& to) {
        network.cut(machine(from), machine(to));
    }
    void heal(const std::string& from, const std::string& to) {
        network.heal(machine(from), machine(to));
    }
    bool open(ConnId conn, const std::string& side) const {
        return network.open(conn, machine(side));
    }

    void run_for(Duration length) { run_until(now_ + length); }
    void run_until(Time until) {
        EventQueue<Event>::Entry entry;
        while (queue_.pop_until(until, entry)) {
            now_ = entry.at;
            handle(entry.payload);
        }
        now_ = until;
    }
    /// Forgets what was told; times count from here.
    void mark() {
        log_.clear();
        zero_ = now_;
    }
    std::string take() { return std::exchange(log_, {}); }
    Time now() const { return now_; }
    std::size_t packets_in_use() const { return packets_.in_use(); }
    /// Whether departures are told, too: `sends request`, `sends retransmission`, …
    bool tell_departures = false;

    Cause note(Time, Cause tag, FactRef fact) override {
        if (const auto* sent = fact.as<NetSend>(); sent != nullptr && tell_departures) {
            tell(sent->src, "sends " + std::string(word(sent->what)));
        }
        return tag;
    }

private:
    void handle(Event event) {
        Wire w = wire();
        const MachineId port(static_cast<std::int32_t>(event.handle));
        switch (event.kind) {
        case EventKind::packet_arrives:
            if (network.arrives(w, event.handle)) deliver(event.handle);
            return;
        case EventKind::packet_received: deliver(event.handle); return;
        case EventKind::out_port: network.out_port_free(w, port); return;
        case EventKind::in_port: network.in_port_free(w, port); return;
        case EventKind::retransmit: network.retransmit(w, event.handle); return;
        case EventKind::connect_retry: network.connect_retry(w, event.handle); return;
        case EventKind::deferred:
        case EventKind::timer:
        case EventKind::script: return;
        }
    }
    void deliver(std::uint32_t index) {
        const Packet p = packets_[index];
        Wire w = wire();
        Cause cause;
        switch (network.receive(w, index, 1, cause, dead_)) {
        case Arrival::nothing: break;
        case Arrival::message:
            tell(p.to, "gets " + std::to_string(p.body));
            network.done(p);
            packets_.give(index);
            break;
        case Arrival::connected: tell(p.to, "is connected"); break;
        case Arrival::refused: tell(p.to, "is refused"); break;
        case Arrival::lost: tell(p.to, "loses it"); break;
        }
        bury();
    }
    void bury() {
        for (const std::uint32_t packet : dead_)
            packets_.give(packet);
        dead_.clear();
    }
    void tell(MachineId who, const std::string& what) {
        log_ += std::to_string((now_ - zero_).ns / 1000) + " " + names_[who.index()] + " " + what +
                "\n";
    }
    Wire wire() { return Wire{now_, packets_, queue_, this}; }

    std::vector<std::string> names_;

public:
    Network network;

private:
    PacketPool packets_;
    EventQueue<Event> queue_;
    std::vector<std::uint32_t> dead_;
    Time now_, zero_;
    std::string log_;
};

} // namespace brokersim::test
