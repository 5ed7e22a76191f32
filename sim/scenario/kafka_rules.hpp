// Kafka's rules across several settings: what its classes refuse, switch off or raise.
#pragma once

#include "scenario/draft.hpp"

namespace brokersim {

/// Brokers and controllers: fills broker_config and controller_config from both `config` objects,
/// and the list of changed settings.
void resolve_servers(Draft& draft, Report& report);
/// A topic's settings over the brokers' defaults. Requires resolve_servers.
void resolve_topic_settings(const Draft& draft, TopicDraft& topic, Report& report);
void resolve_producer_settings(const Draft& draft, ProducerDraft& producer, Report& report);
/// Requires resolve_servers.
void resolve_consumer_settings(const Draft& draft, ConsumerDraft& consumer, Report& report);

} // namespace brokersim
