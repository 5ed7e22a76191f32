// What the observers of invariants have in common: they say what is broken, and they count how
// often it could have been, so that nobody trusts a check that never had anything to look at.
#pragma once

#include "brokersim/facts.hpp"
#include "brokersim/run_info.hpp"
#include "trace/recorder.hpp"

#include <cstdint>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>

namespace brokersim {

class InvariantObserver : public Observer {
public:
    using Counts = std::map<std::string_view, std::uint64_t>;
    /// By the name of an invariant: how often its condition was given and it was looked at.
    const Counts& looked() const { return looked_; }

protected:
    explicit InvariantObserver(std::initializer_list<std::string_view> names) {
        for (const std::string_view name : names)
            looked_.emplace(name, 0);
    }
    /// Looks at one: a violation unless it holds. `text` makes the words for it.
    template <class Text>
    void check(std::string_view name, bool holds, Text text) {
        ++looked_.find(name)->second;
        if (!holds) broken(name, text());
    }
    void look(std::string_view name) { ++looked_.find(name)->second; }
    void broken(std::string_view name, const std::string& text) const {
        verdicts_->tell(Violation{name, text});
    }

    Verdicts* verdicts_ = nullptr; ///< of the fact that is being looked at

private:
    Counts looked_;
};

} // namespace brokersim
