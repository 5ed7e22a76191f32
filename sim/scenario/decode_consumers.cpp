// `consumers`.
#include "scenario/draft.hpp"
#include "scenario/keys.hpp"

#include <array>
#include <utility>

namespace brokersim {
namespace {

struct Processing {
    Distribution time = Distribution::constant(milliseconds(1));
    std::int32_t concurrency = 1;
};
using R = Keys<Processing>;
constexpr Key<Processing> processing_keys[] = {
    R::of<&Processing::time, AsDistribution>(
        {.name = "time", .fallback = "\"1ms\"", .doc = "for each record"}),
    R::of<&Processing::concurrency, AsInteger>(
        {.name = "concurrency",
         .fallback = "1",
         .doc = "records in work at once; those of one key stay in order",
         .low = 1}),
};
constexpr Shape processing_object = shape_of<processing_keys>("object");
constexpr Shape processing_shape =
    either(AsDistribution::shape, processing_object, "duration, distribution or object");

/// Whether the object is a distribution: the shorthand for {"time": …}.
bool is_distribution(const Node& node) {
    constexpr std::array<std::string_view, 5> kinds = {"uniform", "exponential", "lognormal",
                                                       "pareto", "quantiles"};
    for (const std::string_view kind : kinds) {
        if (node.find(kind) != nullptr) { return true; }
    }
    return !node.is(Node::Kind::object);
}

void read_processing(Report& report, const Node& node, const KeyInfo& key, ConsumerDraft& out) {
    Processing processing;
    if (is_distribution(node)) {
        AsDistribution::read(report, node, key, processing.time);
    } else {
        read_object(report, node, processing_keys, "an object with time", processing);
    }
    out.processing = std::move(processing.time);
    out.concurrency = processing.concurrency;
}

using J = Keys<ConsumerDraft>;
constexpr Key<ConsumerDraft> join_keys[] = {
    J::of<&ConsumerDraft::join_every, AsDuration>(
        {.name = "every",
         .fallback = "\"0s\"",
         .doc = "from one member's start to the next one's"}),
};
constexpr Shape join_object = shape_of<join_keys>("object");
constexpr Shape join_shape = either(AsDuration::shape, join_object, "duration or object");

void read_topics(Report& report, const Node& node, const KeyInfo&, ConsumerDraft& out) {
    if (decode_texts(report, node, "a list of topics", out.topic_names) &&
        out.topic_names.empty()) {
        report.error(node, "the list of topics is empty");
    }
}

using E = Keys<FailureSpec>;
constexpr Key<FailureSpec> failure_keys[] = {
    E::of<&FailureSpec::retries, AsInteger>(
        {.name = "retries", .fallback = "0", .doc = "attempts after the first"}),
    E::of<&FailureSpec::backoff, AsDuration>(
        {.name = "backoff", .fallback = "\"1s\"", .doc = "between two attempts"}),
    E::by<[](Report& report, const Node& node, const KeyInfo& key, FailureSpec& out) {
        std::string word;
        if (AsWord::read(report, node, key, word)) { from_word(word, out.then); }
    }>({.name = "then",
        .shape = &AsWord::shape,
        .fallback = "\"block\"",
        .doc = "after the last attempt; `block` goes on for ever",
        .words = "block|discard|dead_letter|crash"}),
};
constexpr Shape failure_shape = shape_of<failure_keys>("object");

constexpr Shape topics_shape = list_of(topic_name_shape, "list of topics", 1);
constexpr Shape settings = settings_shape(Place::consumer);
constexpr Shape producer_settings = settings_shape(Place::producer);

constexpr Key<ConsumerDraft> consumer_keys[] = {
    J::of<&ConsumerDraft::group, AsName>(
        {.name = "group", .doc = "the group's name", .required = true}),
    J::by<read_topics>(
        {.name = "topics", .shape = &topics_shape, .doc = "what it reads", .required = true}),
    J::of<&ConsumerDraft::members, AsInteger>(
        {.name = "members", .fallback = "1", .doc = "processes GROUP-1…", .low = 1}),
    J::by<[](Report& report, const Node& node, const KeyInfo&, ConsumerDraft& out) {
        if (node.is(Node::Kind::string)) {
            AsDuration::read(report, node, join_keys[0].info, out.join_every);
        } else {
            read_object(report, node, join_keys, "an object with every", out);
        }
    }>({.name = "join",
        .shape = &join_shape,
        .fallback = "{\"every\": \"0s\"}",
        .doc = "how members start"}),
    J::of<&ConsumerDraft::start, AsDuration>(
        {.name = "start", .fallback = "\"0s\"", .doc = "when the first member starts"}),
    J::of<&ConsumerDraft::stop, AsDuration>(
        {.name = "stop", .fallback = "null", .doc = "when they leave"}),
    J::by<read_processing>({.name = "processing",
                            .shape = &processing_shape,
                            .fallback = "{\"time\": \"1ms\", \"concurrency\": 1}",
                            .doc = "the application's work"}),
    J::by<[](Report& report, const Node& node, const KeyInfo&, ConsumerDraft& out) {
        read_object(report, node, failure_keys, "an object with retries, backoff, then",
                    out.on_failure);
    }>({.name = "on_failure",
        .shape = &failure_shape,
        .fallback = "{\"then\": \"block\", \"backoff\": \"1s\"}",
        .doc = "what happens to records that fail"}),
    J::by<[](Report& report, const Node& node, const KeyInfo& key, ConsumerDraft&) {
        std::string word;
        AsWord::read(report, node, key, word);
    }>({.name = "retry",
        .shape = &AsWord::shape,
        .fallback = "\"in_place\"",
        .doc = "how it tries again",
        .words = "in_place|~retry_topic"}),
    J::of<&ConsumerDraft::dead_letter_name, AsName>(
        {.name = "dead_letter_topic",
         .doc = "where failed records go; default: TOPIC.DLT, by its first topic"}),
    J::by<[](Report& report, const Node& node, const KeyInfo&, ConsumerDraft& out) {
        out.producer_settings = read_settings(node, Place::producer, report);
    }>({.name = "producer_config",
        .shape = &producer_settings,
        .fallback = "{}",
        .doc = "of the members' own producers; linger.ms is 0 unless set"}),
    J::of<&ConsumerDraft::restart_after, AsDuration>(
        {.name = "restart_after",
         .fallback = "\"10s\"",
         .doc = "with `crash`: the process starts again after this"}),
    J::of<&ConsumerDraft::commit_word, AsWord>(
        {.name = "commit",
         .fallback = "\"auto\"",
         .doc = "when positions are committed",
         .words = "auto|after_processing|before_processing"}),
    J::by<[](Report& report, const Node& node, const KeyInfo& key, ConsumerDraft&) {
        std::string protocol;
        AsWord::read(report, node, key, protocol);
    }>({.name = "protocol",
        .shape = &AsWord::shape,
        .fallback = "\"classic\"",
        .doc = "the group protocol",
        .words = "classic|~consumer|~share"}),
    J::by<[](Report& report, const Node& node, const KeyInfo&, ConsumerDraft& out) {
        out.settings = read_settings(node, Place::consumer, report);
    }>({.name = "config",
        .shape = &settings,
        .fallback = "{}",
        .doc = "Kafka's settings of consumers"}),
};

} // namespace

constexpr Shape consumer_shape = shape_of<consumer_keys>("object");

void decode_consumer(Report& report, const Node& node, ConsumerDraft& out) {
    read_object(report, node, consumer_keys, "a consumer group: an object", out);
}

} // namespace brokersim
