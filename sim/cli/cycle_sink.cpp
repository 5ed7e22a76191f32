// Counting what happens in an instant that does not end.
#include "cli/cycle_sink.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace brokersim {

namespace {

constexpr std::size_t shown_max = 4;

/// "b1 req.done": who does what, as far as a fact tells.
class Doing {
public:
    explicit Doing(const RunInfo& info) : info_(info) {}

    std::string text;

    template <class F>
    void operator()(const F& fact) {
        if constexpr (requires { fact.node; }) {
            who(fact.node);
        } else if constexpr (requires { fact.src; }) {
            who(fact.src);
        } else if constexpr (requires { fact.mem; }) {
            who(fact.mem);
        } else if constexpr (requires { fact.p; }) {
            who(fact.p);
        }
        text += F::name;
    }

private:
    template <class I>
    void who(I id) {
        text = info_.name(id) + " ";
    }

    const RunInfo& info_;
};

} // namespace

Cause CycleSink::note(Time now, Cause tag, FactRef fact) {
    Doing doing(info_);
    visit(fact, doing);
    ++counts_[doing.text];
    return next_.note(now, tag, fact);
}

std::string CycleSink::text() const {
    std::vector<std::pair<std::string, std::uint64_t>> all(counts_.begin(), counts_.end());
    std::stable_sort(all.begin(), all.end(),
                     [](const auto& a, const auto& b) { return a.second > b.second; });
    all.resize(std::min(all.size(), shown_max));
    std::string text;
    for (const auto& [what, times] : all) {
        text += (text.empty() ? "" : ", ") + what;
    }
    return text;
}

} // namespace brokersim
