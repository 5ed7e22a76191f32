// Facts of consumer groups as short lines, for transcripts.
#pragma once

#include "fact_words.hpp"

#include <string>
#include <string_view>

namespace brokersim::test {

class GroupWords {
public:
    explicit GroupWords(const RunInfo& info) : info_(info), others_(info) {}

    template <class F>
    std::string operator()(const F& f) const {
        return others_(f);
    }
    std::string operator()(const GroupMember& f) const {
        return info_.name(f.mem) + " " + text(word(f.state)) + " (" + text(f.why) + ")";
    }
    std::string operator()(const ConsGen& f) const {
        std::string line = info_.name(f.g) + " generation " + std::to_string(f.gen) + ":";
        for (const MemberAssignment& a : f.assign) {
            line += " " + info_.name(a.member) + "=";
            for (std::size_t k = 0; k < a.partitions.size(); ++k)
                line += (k == 0 ? "" : ",") + info_.name(a.partitions[k]);
            if (a.partitions.empty()) line += "-";
        }
        return f.assign.empty() ? line + " empty" : line;
    }
    std::string operator()(const ConsStart& f) const {
        return info_.name(f.mem) + " starts on " + info_.name(f.tp) + " at " +
               std::to_string(f.pos) + " (" + text(word(f.why)) + ")";
    }
    std::string operator()(const ConsRead& f) const {
        return info_.name(f.mem) + " reads " + range(f.tp, f.from, f.to);
    }
    std::string operator()(const ConsDone& f) const {
        return info_.name(f.mem) + " " + range(f.tp, f.off, f.to.present ? f.to.value : f.off + 1) +
               " " + text(word(f.outcome)) +
               (f.attempt == 1 ? "" : ", attempt " + std::to_string(f.attempt));
    }
    std::string operator()(const ConsCommit& f) const {
        return info_.name(f.mem) + " commits " + info_.name(f.tp) + " " + std::to_string(f.off) +
               (f.ok ? "" : ": " + text(word(*f.error)));
    }
    std::string operator()(const Dup& f) const {
        return std::to_string(f.count) + " again" + (f.g ? " to " + info_.name(*f.g) : "") + ", " +
               info_.name(f.p) + " " + range(f.tp, f.i, f.i + f.count) + " (" + text(word(f.why)) +
               ")";
    }
    std::string operator()(const ProdNew& f) const {
        return info_.name(f.p) + " sends " + range(f.tp, f.i, f.i + f.count);
    }

private:
    static std::string text(std::string_view view) { return std::string(view); }
    std::string range(PartitionId tp, std::int64_t from, std::int64_t to) const {
        return info_.name(tp) + " " + std::to_string(from) +
               (to == from + 1 ? "" : ".." + std::to_string(to));
    }

    const RunInfo& info_;
    FactWords others_;
};

} // namespace brokersim::test
