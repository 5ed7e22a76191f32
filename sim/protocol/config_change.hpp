// A change of settings while the cluster runs, as an operator's tool asks for it and the metadata
// log carries it. Kafka: IncrementalAlterConfigs, ConfigRecord.
#pragma once

#include "brokersim/config.hpp"
#include "brokersim/ids.hpp"

#include <functional>
#include <string>
#include <vector>

namespace brokersim {

/// What one setting becomes, by Kafka's name for it.
template <class Config>
struct NewSetting {
    std::string name;
    std::function<void(Config&)> set;
    bool own = true; ///< of a topic: no longer the brokers' default; false: that again
};

struct ConfigChange {
    TopicId topic;                  ///< of this topic; nobody: of brokers
    std::vector<MachineId> brokers; ///< of these
    bool of_all_brokers = false;    ///< the cluster's default, which controllers look at too
    std::vector<NewSetting<ServerConfig>> server;
    /// Of the topic; or the defaults for topics on these brokers, by the topics' names.
    std::vector<NewSetting<TopicConfig>> topics;
};

} // namespace brokersim
