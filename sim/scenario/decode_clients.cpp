// `producers` and `consumers`.
#include "scenario/draft.hpp"
#include "scenario/keys.hpp"

#include <utility>

namespace brokersim {
namespace {

void read_rate(Report& report, const Node& node, const KeyInfo& key, ProducerDraft& out) {
    out.has_rate = true;
    if (node.is(Node::Kind::array)) {
        not_built(report, node, "a rate that changes (a profile)");
        return;
    }
    Rate rate;
    if (AsRate::read(report, node, key, rate)) { out.rate = rate; }
}

void read_size(Report& report, const Node& node, const KeyInfo& key, ProducerDraft& out) {
    if (node.is(Node::Kind::object)) {
        not_built(report, node, "a distribution of sizes");
        return;
    }
    AsSize::read(report, node, key, out.size);
}

/// {"count": N}, or N.
void read_key_count(Report& report, const Node& node, const KeyInfo&, KeySpec& out,
                    KeySpec::Kind kind) {
    out.kind = kind;
    constexpr Key<KeySpec> count_keys[] = {Keys<KeySpec>::of<&KeySpec::count, AsInteger>(
        {.name = "count", .doc = "how many keys: k0, k1, …", .low = 1, .required = true})};
    if (node.is(Node::Kind::number)) {
        AsInteger::read(report, node, count_keys[0].info, out.count);
    } else {
        read_object(report, node, count_keys, "an object with count", out);
    }
}

void read_key_list(Report& report, const Node& node, const KeyInfo&, KeySpec& out) {
    out.kind = KeySpec::Kind::list;
    if (decode_texts(report, node, "a list of keys", out.list) && out.list.empty()) {
        report.error(node, "the list of keys is empty");
    }
}

using Q = Keys<KeySpec>;
constexpr Key<KeySpec> kinds_of_keys[] = {
    Q::by<[](Report& r, const Node& n, const KeyInfo& k, KeySpec& out) {
        read_key_count(r, n, k, out, KeySpec::Kind::uniform);
    }>({.name = "uniform", .type = "object", .doc = "any of the keys, all equally often"}),
    Q::by<[](Report& r, const Node& n, const KeyInfo& k, KeySpec& out) {
        read_key_count(r, n, k, out, KeySpec::Kind::sequence);
    }>({.name = "sequence", .type = "object", .doc = "k0, k1, … in order, again and again"}),
    Q::by<read_key_list>(
        {.name = "list", .type = "list of strings", .doc = "these in order, again and again"}),
    Q::later({.name = "zipf", .type = "object", .doc = "some far more often than others"}),
};

void read_keys(Report& report, const Node& node, const KeyInfo&, ProducerDraft& out) {
    std::size_t kinds = 0;
    for (const Node& member : node.children) {
        kinds += member.key.starts_with("x-") ? 0U : 1U;
    }
    const bool object =
        read_object(report, node, kinds_of_keys, "an object that says which keys", out.keys);
    if (object && kinds != 1) {
        report.error(node,
                     "keys have one of uniform, sequence, list; this has " + std::to_string(kinds));
    }
}

using P = Keys<ProducerDraft>;
constexpr Key<ProducerDraft> producer_keys[] = {
    P::of<&ProducerDraft::name, AsName>(
        {.name = "name", .doc = "its machine; default: producer-K, by position from 1"}),
    P::of<&ProducerDraft::topic_name, AsText>(
        {.name = "topic",
         .type = "topic",
         .doc = "where to; may be left out when there is just one"}),
    P::of<&ProducerDraft::instances, AsInteger>(
        {.name = "instances", .fallback = "1", .doc = "processes of this kind: NAME-1…", .low = 1}),
    P::by<read_rate>(
        {.name = "rate", .type = "rate", .doc = "records per second, of each instance"}),
    P::of<&ProducerDraft::arrivals, AsWord>({.name = "arrivals",
                                             .fallback = "\"constant\"",
                                             .doc = "evenly spaced or random",
                                             .words = "constant|poisson"}),
    P::of<&ProducerDraft::burst, AsInteger>(
        {.name = "burst", .fallback = "1", .doc = "records that fall due together", .low = 1}),
    P::later({.name = "closed_loop", .type = "integer", .doc = "at most this many outstanding"}),
    P::by<read_size>({.name = "size",
                      .type = "size",
                      .fallback = "\"1KiB\"",
                      .doc = "bytes of a record's value",
                      .high = 2'147'483'647}),
    P::by<read_keys>(
        {.name = "keys", .type = "object", .fallback = "null", .doc = "keys of the records"}),
    P::of<&ProducerDraft::partition, AsInteger>(
        {.name = "partition", .fallback = "null", .doc = "all records to this partition"}),
    P::of<&ProducerDraft::start, AsDuration>(
        {.name = "start", .fallback = "\"0s\"", .doc = "when it starts"}),
    P::of<&ProducerDraft::stop, AsDuration>(
        {.name = "stop", .fallback = "null", .doc = "no record falls due from here on"}),
    P::of<&ProducerDraft::count, AsInteger>(
        {.name = "count", .fallback = "null", .doc = "records of each instance", .low = 0}),
    P::later({.name = "poison", .type = "object", .fallback = "null", .doc = "records that fail"}),
    P::later({.name = "transaction", .type = "object", .fallback = "null", .doc = "transactions"}),
    P::later({.name = "cpu", .type = "object", .fallback = "null", .doc = "what send() costs"}),
    P::of<&ProducerDraft::partitioner, AsWord>({.name = "partitioner",
                                                .doc = "readable form of partitioner.class",
                                                .words = "key_hash|round_robin|sticky|explicit"}),
    P::by<[](Report& report, const Node& node, const KeyInfo&, ProducerDraft& out) {
        out.settings = read_settings(node, Place::producer, report);
    }>({.name = "config",
        .type = "settings",
        .fallback = "{}",
        .doc = "Kafka's settings of producers"}),
};

struct Processing {
    Distribution time = Distribution::constant(milliseconds(1));
};
using R = Keys<Processing>;
constexpr Key<Processing> processing_keys[] = {
    R::of<&Processing::time, AsDistribution>(
        {.name = "time", .fallback = "\"1ms\"", .doc = "for each record"}),
    R::later({.name = "concurrency",
              .type = "integer",
              .fallback = "1",
              .doc = "records in work at once; only 1 is built"}),
};

void read_processing(Report& report, const Node& node, const KeyInfo& key, ConsumerDraft& out) {
    Processing processing;
    bool object = node.is(Node::Kind::object);
    for (const std::string_view kind :
         {"uniform", "exponential", "lognormal", "pareto", "quantiles"}) {
        object = object && node.find(kind) == nullptr; // Else the shorthand: a distribution.
    }
    if (object) {
        read_object(report, node, processing_keys, "an object with time", processing);
    } else {
        AsDistribution::read(report, node, key, processing.time);
    }
    out.processing = processing.time;
}

using J = Keys<ConsumerDraft>;
constexpr Key<ConsumerDraft> join_keys[] = {
    J::of<&ConsumerDraft::join_every, AsDuration>(
        {.name = "every",
         .fallback = "\"0s\"",
         .doc = "from one member's start to the next one's"}),
};

void read_topics(Report& report, const Node& node, const KeyInfo&, ConsumerDraft& out) {
    if (decode_texts(report, node, "a list of topics", out.topic_names) &&
        out.topic_names.empty()) {
        report.error(node, "the list of topics is empty");
    }
}

constexpr Key<ConsumerDraft> consumer_keys[] = {
    J::of<&ConsumerDraft::group, AsName>(
        {.name = "group", .doc = "the group's name", .required = true}),
    J::by<read_topics>(
        {.name = "topics", .type = "list of topics", .doc = "what it reads", .required = true}),
    J::of<&ConsumerDraft::members, AsInteger>(
        {.name = "members", .fallback = "1", .doc = "processes GROUP-1…", .low = 1}),
    J::by<[](Report& report, const Node& node, const KeyInfo&, ConsumerDraft& out) {
        if (node.is(Node::Kind::string)) {
            AsDuration::read(report, node, join_keys[0].info, out.join_every);
        } else {
            read_object(report, node, join_keys, "an object with every", out);
        }
    }>({.name = "join",
        .type = "object",
        .fallback = "{\"every\": \"0s\"}",
        .doc = "how members start"}),
    J::of<&ConsumerDraft::start, AsDuration>(
        {.name = "start", .fallback = "\"0s\"", .doc = "when the first member starts"}),
    J::of<&ConsumerDraft::stop, AsDuration>(
        {.name = "stop", .fallback = "null", .doc = "when they leave"}),
    J::by<read_processing>({.name = "processing",
                            .type = "object, duration or distribution",
                            .fallback = "{\"time\": \"1ms\", \"concurrency\": 1}",
                            .doc = "the application's work"}),
    J::later({.name = "on_failure",
              .type = "object",
              .fallback = "null",
              .doc = "what happens to records that fail"}),
    J::later(
        {.name = "retry", .type = "word", .fallback = "\"in_place\"", .doc = "how it tries again"}),
    J::later({.name = "dead_letter_topic",
              .type = "topic",
              .fallback = "null",
              .doc = "where failed records go"}),
    J::later({.name = "producer_config",
              .type = "settings",
              .fallback = "{}",
              .doc = "of the members' own producer"}),
    J::later({.name = "restart_after",
              .type = "duration",
              .fallback = "null",
              .doc = "a crashed member starts again"}),
    J::of<&ConsumerDraft::commit_word, AsWord>(
        {.name = "commit",
         .fallback = "\"auto\"",
         .doc = "when positions are committed",
         .words = "auto|after_processing|before_processing"}),
    J::by<[](Report& report, const Node& node, const KeyInfo& key, ConsumerDraft&) {
        std::string protocol;
        AsWord::read(report, node, key, protocol);
    }>({.name = "protocol",
        .type = "word",
        .fallback = "\"classic\"",
        .doc = "the group protocol",
        .words = "classic|~consumer|~share"}),
    J::by<[](Report& report, const Node& node, const KeyInfo&, ConsumerDraft& out) {
        out.settings = read_settings(node, Place::consumer, report);
    }>({.name = "config",
        .type = "settings",
        .fallback = "{}",
        .doc = "Kafka's settings of consumers"}),
};

} // namespace

void decode_producer(Report& report, const Node& node, ProducerDraft& out) {
    read_object(report, node, producer_keys, "a producer: an object", out);
}

void decode_consumer(Report& report, const Node& node, ConsumerDraft& out) {
    read_object(report, node, consumer_keys, "a consumer group: an object", out);
}

} // namespace brokersim
