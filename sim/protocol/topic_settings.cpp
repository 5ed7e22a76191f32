// The settings of topics as one machine knows them.
#include "protocol/topic_settings.hpp"

namespace brokersim {

TopicSettings::Changed& TopicSettings::changed(TopicId topic) {
    const auto at = changed_.find(topic);
    if (at != changed_.end()) return at->second;
    const Layout::Topic& begun = layout_->topic(topic);
    return changed_.emplace(topic, Changed{begun.config, {begun.own.begin(), begun.own.end()}})
        .first->second;
}

void TopicSettings::apply(const ConfigChange& change) {
    if (change.topic.valid()) {
        Changed& topic = changed(change.topic);
        for (const NewSetting<TopicConfig>& setting : change.topics) {
            setting.set(topic.config);
            if (setting.own) {
                topic.own.insert(setting.name);
            } else {
                topic.own.erase(setting.name);
            }
        }
        return;
    }
    for (std::size_t k = 0; k < layout_->topics.size() && !change.topics.empty(); ++k) {
        Changed& topic = changed(TopicId(k));
        for (const NewSetting<TopicConfig>& setting : change.topics) {
            if (!topic.own.contains(setting.name)) setting.set(topic.config);
        }
    }
}

} // namespace brokersim
