// Facts of a cluster as short lines, for transcripts.
#pragma once

#include "brokersim/facts.hpp"
#include "brokersim/run_info.hpp"

#include <cstdio>
#include <optional>
#include <string>

namespace brokersim::test {

/// `12.345`: seconds and milliseconds, with microseconds where they count: `12.345250`.
inline std::string in_seconds(Time t) {
    char text[40];
    const std::int64_t us = t.ns / 1000;
    if (us % 1000 == 0) {
        std::snprintf(text, sizeof text, "%lld.%03lld", static_cast<long long>(us / 1'000'000),
                      static_cast<long long>(us / 1000 % 1000));
    } else {
        std::snprintf(text, sizeof text, "%lld.%06lld", static_cast<long long>(us / 1'000'000),
                      static_cast<long long>(us % 1'000'000));
    }
    return text;
}

/// One line per fact of the kinds that transcripts know; empty for all others.
class FactWords {
public:
    explicit FactWords(const RunInfo& info) : info_(info) {}

    template <class F>
    std::string operator()(const F&) const {
        return {};
    }
    std::string operator()(const NodeUp& f) const { return name(f.node) + " starts"; }
    std::string operator()(const NodeDown& f) const {
        return name(f.node) + (f.how == DownHow::clean   ? " ends"
                               : f.how == DownHow::power ? " loses its power"
                               : f.how == DownHow::disk  ? " loses its disk"
                                                         : " is killed");
    }
    std::string operator()(const FaultBegin& f) const {
        return std::string(word(f.action)) + " of " + list(f.target) + " begins";
    }
    std::string operator()(const FaultEnd& f) const {
        return std::string(word(f.action)) + " of " + list(f.target) + " is over";
    }
    std::string operator()(const NetCut& f) const { return name(f.src) + " -/-> " + name(f.dst); }
    std::string operator()(const NetHeal& f) const { return name(f.src) + " ---> " + name(f.dst); }
    std::string operator()(const LogFlush& f) const {
        return name(f.node) + " durable to " + std::to_string(f.to);
    }
    std::string operator()(const LogHead& f) const {
        return name(f.node) + " begins at " + std::to_string(f.to) + " (" +
               std::string(word(f.why)) + ")";
    }
    std::string operator()(const NodePaused& f) const { return name(f.node) + " freezes"; }
    std::string operator()(const NodeResumed& f) const { return name(f.node) + " wakes"; }
    std::string operator()(const CtlElected& f) const {
        const bool broker = name(f.node).starts_with("b"); // ZooKeeper mode
        return name(f.node) +
               (broker ? " is the controller of epoch " : " leads the quorum in epoch ") +
               std::to_string(f.epoch);
    }
    std::string operator()(const CtlResigned& f) const {
        return name(f.node) + " resigns from epoch " + std::to_string(f.epoch) + " (" +
               std::string(f.why) + ")";
    }
    std::string operator()(const ZkSession& f) const {
        return name(f.node) + "'s session " + std::string(word(f.state));
    }
    std::string operator()(const CtlBroker& f) const {
        return "controller: " + name(f.node) + " " + std::string(word(f.state)) + " (" +
               std::string(f.why) + ")";
    }
    std::string operator()(const CtlPart& f) const {
        return "controller: " + info_.name(f.tp) + " leader=" + leader(f.leader) +
               " epoch=" + std::to_string(f.epoch) + " isr=" + list(f.isr) +
               (f.elr.empty() ? "" : " elr=" + list(f.elr)) + " (" + std::string(word(f.why)) +
               ")" + (f.clean ? "" : " unclean") +
               (f.adding.present ? " adding " + list(f.adding.value) : "") +
               (f.removing.present ? " removing " + list(f.removing.value) : "");
    }
    std::string operator()(const TopicChanged& f) const {
        return "controller: " + info_.name(f.topic) + " has min.insync.replicas " +
               std::to_string(f.min_isr) + (f.unclean ? ", elects uncleanly" : "");
    }
    std::string operator()(const MetaSeen& f) const {
        return name(f.node) + " sees " + info_.name(f.tp) + " leader=" + leader(f.leader) +
               " epoch=" + std::to_string(f.epoch);
    }
    std::string operator()(const LogAppend& f) const {
        return name(f.node) + " appends " + std::to_string(f.base) + ".." +
               std::to_string(f.base + f.count) + " epoch=" + std::to_string(f.epoch);
    }
    std::string operator()(const LogTrunc& f) const {
        return name(f.node) + " truncates to " + std::to_string(f.to) + " (" +
               std::string(word(f.why)) + ")";
    }
    std::string operator()(const Hw& f) const {
        return name(f.node) + " hw=" + std::to_string(f.hw);
    }
    std::string operator()(const ProdAck& f) const {
        return info_.name(f.p) + " " + records(f.i, f.count) + " acknowledged";
    }
    std::string operator()(const ProdRetry& f) const {
        return info_.name(f.p) + " " + records(f.i, f.count) + " again after " +
               std::string(word(f.error));
    }
    std::string operator()(const ProdFail& f) const {
        return info_.name(f.p) + " " + records(f.i, f.count) +
               " failed: " + std::string(word(f.error));
    }

    std::string leader(const std::optional<MachineId>& id) const { return id ? name(*id) : "none"; }
    template <class List>
    std::string list(const List& machines) const {
        std::string text;
        for (const MachineId id : machines)
            text += (text.empty() ? "" : ",") + name(id);
        return text.empty() ? "-" : text;
    }

private:
    std::string name(MachineId id) const { return info_.name(id); }
    static std::string records(std::int64_t i, std::int32_t count) {
        return std::to_string(i) + ".." + std::to_string(i + count);
    }
    const RunInfo& info_;
};

} // namespace brokersim::test
