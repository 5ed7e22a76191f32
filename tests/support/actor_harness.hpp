// One actor on a table: what it wants of the world is written down, and happens only if the test
// (or the fake peers that the test sets up) lets it happen.
#pragma once

#include "brokersim/fact_sink.hpp"
#include "brokersim/run_info.hpp"
#include "net/network.hpp"
#include "protocol/effects.hpp"
#include "trace/encode.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace brokersim::test {

/// `prod.new p=shop tp=orders/0 i=0 count=1 key=null`: a line of a trace as people write it.
inline std::string plain(std::string_view line) {
    std::string text(line.substr(line.find("\"e\":") + 4));
    std::string out;
    int depth = 0;
    for (const char c : text) {
        if (c == '[') { ++depth; }
        if (c == ']') { --depth; }
        if (c == '"' || c == '}' || c == '\n') { continue; }
        out += c == ',' && depth == 0 ? ' ' : c == ':' ? '=' : c;
    }
    return out;
}

/// Facts as lines, with the time before them where it is asked for.
class FactLines final : public FactSink {
public:
    explicit FactLines(const RunInfo& info) : encoder_(info) {}

    struct Line {
        Time at;
        FactKind kind{};
        std::string text;
    };
    std::vector<Line> lines;

    Cause note(Time now, Cause tag, FactRef fact) override {
        TextBuffer buffer;
        encoder_.line(buffer, ++number_, now, tag, fact);
        lines.push_back({now, fact.kind, plain(buffer.view())});
        return Cause{number_};
    }

private:
    LineEncoder encoder_;
    std::uint64_t number_ = 0;
};

/// Milliseconds with as many decimals as needed: 5, 0.25.
inline std::string in_ms(Time t) {
    std::string text = std::to_string(t.ns / 1'000'000);
    if (const std::int64_t rest = t.ns % 1'000'000; rest != 0) {
        std::string decimals = std::to_string(1'000'000 + rest).substr(1);
        while (decimals.back() == '0') {
            decimals.pop_back();
        }
        text += "." + decimals;
    }
    return text;
}

/// `Actor` has the interface that the world drives. Events of the test are `at(time, action)`; time
/// passes in run_until().
template <class Actor>
class ActorHarness {
public:
    /// A message that the actor has sent.
    struct Sent {
        ConnId conn;
        MachineId to;
        std::uint8_t kind = 0;
        std::uint32_t body = 0;
        Api api{};
    };

    ActorHarness(Actor a, MachineId self, const RunInfo& info)
        : actor(std::move(a)), facts(info), self_(self), network_(NetworkSpec{}, info.nodes, 1),
          out_(messages_, network_, contents_) {}
    ActorHarness(const ActorHarness&) = delete;
    ActorHarness& operator=(const ActorHarness&) = delete;

    Actor actor;
    FactLines facts;
    bool exited = false, crashed = false;
    /// Hooks of the test; the message of `on_send` is freed when the hook returns.
    std::function<void(const Sent&)> on_send = [](const Sent&) {};
    std::function<void(ConnId, MachineId)> on_dial = [](ConnId, MachineId) {};
    std::function<void(ConnId, MachineId)> on_close = [](ConnId, MachineId) {};

    Time now() const { return now_; }
    RecordMarks& marks() { return contents_.marks; }
    template <class M>
    M& body(const Sent& sent) {
        return messages_.pool<M>()[sent.body];
    }
    Contents& contents() { return contents_; }
    void at(Time time, std::function<void()> action) { events_.emplace(time, std::move(action)); }
    void in(Duration delay, std::function<void()> action) { at(now_ + delay, std::move(action)); }

    /// Calls a handler and carries out what it wants.
    template <class Call>
    void call(Call handler) {
        out_.begin(In{now_, self_}, Cause{}, &facts);
        handler(actor, In{now_, self_}, out_);
        carry_out();
    }
    void start() {
        call([](Actor& a, In i, Effects& out) { a.start(i, out); });
    }
    void stop() {
        call([](Actor& a, In i, Effects& out) { a.stop(i, out); });
    }
    /// The process dies and its timers with it.
    void crash() {
        actor.crash();
        timers_.clear();
    }
    void connected(ConnId conn) {
        call([&](Actor& a, In i, Effects& out) { a.on_connected(i, conn, out); });
    }
    void refused(ConnId conn) {
        call([&](Actor& a, In i, Effects& out) { a.on_refused(i, conn, out); });
    }
    void lost(ConnId conn) {
        call([&](Actor& a, In i, Effects& out) { a.on_lost(i, conn, out); });
    }
    /// A message from the peer; `fill` writes it.
    template <class M, class Fill>
    void deliver(ConnId conn, MachineId from, Fill fill) {
        Incoming incoming;
        incoming.conn = conn;
        incoming.from = from;
        incoming.kind = kind_of<M>;
        incoming.api = M::api;
        incoming.body = messages_.pool<M>().take();
        fill(messages_.pool<M>()[incoming.body]);
        call([&](Actor& a, In i, Effects& out) { a.on_message(i, incoming, out); });
        messages_.pool<M>().give(incoming.body);
    }

    /// Timers and events up to and including `until`, in order of time; events first.
    void run_until(Time until) {
        for (;;) {
            Time timer_at = Time::never();
            std::uint32_t timer = 0;
            for (const auto& [slot, deadline] : timers_) {
                if (deadline < timer_at) {
                    timer_at = deadline;
                    timer = slot;
                }
            }
            const Time event_at = events_.empty() ? Time::never() : events_.begin()->first;
            const Time next = std::min(event_at, timer_at);
            if (next > until) { break; }
            now_ = std::max(now_, next);
            if (event_at <= timer_at) {
                const auto action = std::move(events_.begin()->second);
                events_.erase(events_.begin());
                action();
            } else {
                timers_.erase(timer);
                ++timers_fired;
                call([&](Actor& a, In i, Effects& out) { a.on_timer(i, TimerSlot{timer}, out); });
            }
        }
        now_ = until;
    }
    std::size_t timers_fired = 0;

    /// Lines of facts whose names begin with `prefix`, one per line, with the time in ms in front;
    /// forgets all lines.
    std::string take(std::string_view prefix = "prod.") {
        std::string text;
        for (const FactLines::Line& line : facts.lines) {
            if (line.text.starts_with(prefix)) { text += in_ms(line.at) + " " + line.text + "\n"; }
        }
        facts.lines.clear();
        return text;
    }

private:
    void carry_out() {
        // Hooks may call handlers: they work on a copy.
        const std::vector<Effect> effects = out_.list();
        for (const Effect& effect : effects) {
            switch (effect.op) {
            case Effect::Op::send: {
                const Packet p = messages_.packets[effect.subject];
                on_send(Sent{p.conn, network_.peer(p.conn, self_), p.kind, p.body,
                             static_cast<Api>(p.api)});
                messages_.free(effect.subject);
                break;
            }
            case Effect::Op::dial: on_dial(effect.conn, network_.peer(effect.conn, self_)); break;
            case Effect::Op::close: on_close(effect.conn, network_.peer(effect.conn, self_)); break;
            case Effect::Op::arm:
                timers_[effect.subject] = std::max(now_, Time{effect.time});
                break;
            case Effect::Op::disarm: timers_.erase(effect.subject); break;
            case Effect::Op::exit:
                exited = true;
                timers_.clear();
                break;
            case Effect::Op::crash:
                crashed = true;
                crash();
                break;
            case Effect::Op::defer:
            case Effect::Op::own:
            case Effect::Op::listen: break;
            }
        }
    }

    MachineId self_;
    Messages messages_;
    Contents contents_;
    Network network_;
    Effects out_;
    Time now_;
    std::map<std::uint32_t, Time> timers_;
    std::multimap<Time, std::function<void()>> events_;
};

} // namespace brokersim::test
