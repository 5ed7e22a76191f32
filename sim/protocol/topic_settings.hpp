// The settings of topics as one machine knows them: what the scenario says, and what was changed
// since. Kafka: LogConfig, ConfigurationControlManager.
#pragma once

#include "protocol/config_change.hpp"
#include "protocol/layout.hpp"

#include <map>
#include <set>
#include <string>

namespace brokersim {

class TopicSettings {
public:
    explicit TopicSettings(LayoutRef layout) : layout_(std::move(layout)) {}

    const TopicConfig& of(TopicId topic) const {
        if (changed_.empty()) return layout_->topic(topic).config;
        const auto at = changed_.find(topic);
        return at == changed_.end() ? layout_->topic(topic).config : at->second.config;
    }
    const TopicConfig& of(PartitionId tp) const {
        return of(TopicId(layout_->topic_of[tp.index()]));
    }

    /// A change of one topic; or a change of the brokers' defaults, which reaches every topic that
    /// has no value of its own. Whether it concerns this machine is for the caller to know.
    void apply(const ConfigChange& change);

private:
    struct Changed {
        TopicConfig config;
        std::set<std::string> own; ///< settings that the brokers' defaults do not reach
    };
    Changed& changed(TopicId topic);

    LayoutRef layout_;
    std::map<TopicId, Changed> changed_; ///< few, as a rule
};

} // namespace brokersim
