// `producers`.
#include "scenario/draft.hpp"
#include "scenario/keys.hpp"

#include <algorithm>
#include <utility>

namespace brokersim {
namespace {

constexpr std::int64_t billion = 1'000'000'000;

using F = Keys<RatePoint>;
constexpr Key<RatePoint> profile_keys[] = {
    F::of<&RatePoint::at, AsDuration>({.name = "at", .doc = "from then on", .required = true}),
    F::of<&RatePoint::rate, AsRate>(
        {.name = "rate", .doc = "records per second", .required = true}),
    F::of<&RatePoint::ramp, AsBoolean>({.name = "ramp",
                                        .fallback = "false",
                                        .doc = "reached on a straight line from the point before"}),
};
constexpr Shape point_shape = shape_of<profile_keys>("object");
constexpr Shape profile_shape = list_of(point_shape, "profile", 1);
constexpr Shape rate_shape = either(AsRate::shape, profile_shape, "rate or profile");

void read_profile(Report& report, const Node& node, ProducerDraft& out) {
    if (node.children.empty()) { report.error(node, "the profile is empty"); }
    for (const Node& item : node.children) {
        const std::size_t before = report.errors();
        RatePoint point;
        read_object(report, item, profile_keys, "an object with at and rate", point);
        if (report.errors() != before) { continue; }
        if (!out.profile.empty() && point.at <= out.profile.back().at) {
            report.error(item.at("at"), "a profile goes on in time: this is not after the point "
                                        "before");
        }
        if (point.ramp && out.profile.empty()) {
            report.error(item.at("ramp"), "there is no point before the first to come from");
        }
        out.profile.push_back(point);
    }
}

void read_rate(Report& report, const Node& node, const KeyInfo& key, ProducerDraft& out) {
    out.has_rate = true;
    if (node.is(Node::Kind::array)) {
        read_profile(report, node, out);
        return;
    }
    Rate rate;
    if (AsRate::read(report, node, key, rate)) { out.rate = rate; }
}

void read_size(Report& report, const Node& node, const KeyInfo& key, ProducerDraft& out) {
    Distribution sizes;
    if (!AsSizes::read(report, node, key, sizes)) { return; }
    if (sizes.kind == Distribution::Kind::constant) {
        out.size = sizes.a.ns;
    } else {
        // No record is larger than its length field allows.
        sizes.max = std::min(sizes.max.value_or(Duration{key.high}), Duration{key.high});
        out.sizes = std::move(sizes);
    }
}

constexpr Key<KeySpec> count_keys[] = {
    Keys<KeySpec>::of<&KeySpec::count, AsInteger>({.name = "count",
                                                   .doc = "how many keys: k0, k1, …",
                                                   .low = 1,
                                                   .high = 100'000'000,
                                                   .required = true}),
};
constexpr Key<KeySpec> zipf_keys[] = {
    count_keys[0],
    Keys<KeySpec>::of<&KeySpec::exponent_ppb, AsDecimal>(
        {.name = "exponent",
         .doc = "rank r is drawn 1/r^exponent times as often as the first, k0",
         .high = 100 * billion,
         .required = true}),
};
constexpr Shape count_object = shape_of<count_keys>("object");
constexpr Shape count_shape = either(AsInteger::shape, count_object, "number or object");
constexpr Shape zipf_shape = shape_of<zipf_keys>("object");

/// {"count": N}, or N.
template <KeySpec::Kind kind>
void read_key_count(Report& report, const Node& node, const KeyInfo&, KeySpec& out) {
    out.kind = kind;
    if (node.is(Node::Kind::number)) {
        AsInteger::read(report, node, count_keys[0].info, out.count);
    } else {
        read_object(report, node, count_keys, "an object with count", out);
    }
}

void read_zipf(Report& report, const Node& node, const KeyInfo&, KeySpec& out) {
    out.kind = KeySpec::Kind::zipf;
    read_object(report, node, zipf_keys, "an object with count and exponent", out);
}

void read_key_list(Report& report, const Node& node, const KeyInfo&, KeySpec& out) {
    out.kind = KeySpec::Kind::list;
    if (decode_texts(report, node, "a list of keys", out.list) && out.list.empty()) {
        report.error(node, "the list of keys is empty");
    }
}

using Q = Keys<KeySpec>;
constexpr Shape key_list_shape = list_of(AsText::shape, "list of strings", 1);
constexpr Key<KeySpec> kinds_of_keys[] = {
    Q::by<read_key_count<KeySpec::Kind::uniform>>({.name = "uniform",
                                                   .shape = &count_shape,
                                                   .doc = "any of the keys, all equally often",
                                                   .low = 1}),
    Q::by<read_key_count<KeySpec::Kind::sequence>>({.name = "sequence",
                                                    .shape = &count_shape,
                                                    .doc = "k0, k1, … in order, again and again",
                                                    .low = 1}),
    Q::by<read_key_list>(
        {.name = "list", .shape = &key_list_shape, .doc = "these in order, again and again"}),
    Q::by<read_zipf>(
        {.name = "zipf", .shape = &zipf_shape, .doc = "some far more often than others"}),
};
constexpr Shape keys_shape = shape_of<kinds_of_keys>("object");

/// Members of an object that say something.
std::size_t members_of(const Node& node) {
    return static_cast<std::size_t>(
        std::count_if(node.children.begin(), node.children.end(), [](const Node& member) {
            return !member.key.starts_with("x-") && !member.is(Node::Kind::null);
        }));
}

void read_keys(Report& report, const Node& node, const KeyInfo&, ProducerDraft& out) {
    const bool object =
        read_object(report, node, kinds_of_keys, "an object that says which keys", out.keys);
    if (object && members_of(node) != 1) {
        report.error(node, "keys have one of uniform, sequence, list, zipf; this has " +
                               std::to_string(members_of(node)));
    }
}

void read_positions(Report& report, const Node& node, const KeyInfo& key, PoisonSpec& out) {
    if (!node.is(Node::Kind::array) || node.children.empty()) {
        report.error(node, "expected a list of positions, from 0");
        return;
    }
    for (const Node& item : node.children) {
        std::int64_t position = 0;
        if (AsInteger::read(report, item, key, position)) { out.at.push_back(position); }
    }
    std::sort(out.at.begin(), out.at.end());
    out.at.erase(std::unique(out.at.begin(), out.at.end()), out.at.end());
}

void read_poison_keys(Report& report, const Node& node, const KeyInfo&, PoisonSpec& out) {
    if (decode_texts(report, node, "a list of keys", out.keys) && out.keys.empty()) {
        report.error(node, "the list of keys is empty");
    }
}

using O = Keys<PoisonSpec>;
constexpr Shape positions_shape = list_of(AsInteger::shape, "list of integers", 1);
constexpr Key<PoisonSpec> poison_keys[] = {
    O::of<&PoisonSpec::every, AsInteger>(
        {.name = "every", .doc = "N: records N-1, 2N-1, …, counted from 0", .low = 1}),
    O::of<&PoisonSpec::ratio, AsRatio>({.name = "ratio", .doc = "of all records, at random"}),
    O::by<read_positions>({.name = "at",
                           .shape = &positions_shape,
                           .doc = "these records, counted from 0 at each instance"}),
    O::by<read_poison_keys>(
        {.name = "keys", .shape = &key_list_shape, .doc = "records with one of these keys"}),
    O::of<&PoisonSpec::fails, AsInteger>(
        {.name = "fails",
         .fallback = "null",
         .doc = "how often in each group before it works; null: always",
         .low = 1}),
};
constexpr Shape poison_shape = shape_of<poison_keys>("object");

void read_poison(Report& report, const Node& node, const KeyInfo&, ProducerDraft& out) {
    if (!read_object(report, node, poison_keys, "an object that says which records fail",
                     out.poison)) {
        return;
    }
    const Node* fails = node.find("fails");
    const std::size_t ways =
        members_of(node) - (fails != nullptr && !fails->is(Node::Kind::null) ? 1U : 0U);
    if (ways != 1) {
        report.error(node,
                     "poison has one of every, ratio, at, keys; this has " + std::to_string(ways));
    }
}

using S = Keys<SendCost>;
constexpr Key<SendCost> cost_keys[] = {
    S::of<&SendCost::per_record, AsDuration>(
        {.name = "per_record", .fallback = "\"0ns\"", .doc = "of each send()"}),
    S::of<&SendCost::per_byte_millionths, AsCost>(
        {.name = "per_byte", .fallback = "\"0ns\"", .doc = "and for each byte"}),
};
constexpr Shape cost_shape = shape_of<cost_keys>("object");

struct Transaction {
    std::int64_t records = 0;
    Ratio abort;
};
constexpr Key<Transaction> transaction_keys[] = {
    Keys<Transaction>::of<&Transaction::records, AsInteger>(
        {.name = "records", .doc = "of each transaction", .low = 1, .required = true}),
    Keys<Transaction>::of<&Transaction::abort, AsRatio>(
        {.name = "abort", .fallback = "\"0%\"", .doc = "how many of them are given up"}),
};
constexpr Shape transaction_shape = shape_of<transaction_keys>("object");
constexpr Shape settings = settings_shape(Place::producer);

using P = Keys<ProducerDraft>;
constexpr Key<ProducerDraft> producer_keys[] = {
    P::of<&ProducerDraft::name, AsName>(
        {.name = "name", .doc = "its machine; default: producer-K, by position from 1"}),
    P::of<&ProducerDraft::topic_name, AsText>(
        {.name = "topic",
         .shape = &topic_name_shape,
         .doc = "where to; may be left out when there is just one"}),
    P::of<&ProducerDraft::instances, AsInteger>(
        {.name = "instances", .fallback = "1", .doc = "processes of this kind: NAME-1…", .low = 1}),
    P::by<read_rate>({.name = "rate",
                      .shape = &rate_shape,
                      .doc = "records per second of each instance; or a profile of them"}),
    P::of<&ProducerDraft::arrivals, AsWord>({.name = "arrivals",
                                             .fallback = "\"constant\"",
                                             .doc = "evenly spaced or random",
                                             .words = "constant|poisson"}),
    P::of<&ProducerDraft::burst, AsInteger>(
        {.name = "burst", .fallback = "1", .doc = "records that fall due together", .low = 1}),
    P::of<&ProducerDraft::closed_loop, AsInteger>(
        {.name = "closed_loop",
         .doc = "instead of rate: at most so many records outstanding, the next one when one "
                "completes",
         .low = 1}),
    P::by<read_size>({.name = "size",
                      .shape = &AsSizes::shape,
                      .fallback = "\"1KiB\"",
                      .doc = "bytes of a record's value",
                      .high = 2'147'483'647}),
    P::by<read_keys>({.name = "keys",
                      .shape = &keys_shape,
                      .fallback = "null",
                      .doc = "keys of the records; null: none"}),
    P::of<&ProducerDraft::partition, AsInteger>(
        {.name = "partition", .fallback = "null", .doc = "all records to this partition"}),
    P::of<&ProducerDraft::start, AsDuration>(
        {.name = "start", .fallback = "\"0s\"", .doc = "when it starts"}),
    P::of<&ProducerDraft::stop, AsDuration>(
        {.name = "stop", .fallback = "null", .doc = "no record falls due from here on"}),
    P::of<&ProducerDraft::count, AsInteger>(
        {.name = "count", .fallback = "null", .doc = "records of each instance", .low = 0}),
    P::by<read_poison>({.name = "poison",
                        .shape = &poison_shape,
                        .fallback = "null",
                        .doc = "records that fail when they are processed"}),
    P::later_by<[](Report& report, const Node& node, const KeyInfo&, ProducerDraft&) {
        Transaction transaction;
        read_object(report, node, transaction_keys, "an object with records and abort",
                    transaction);
    }>({.name = "transaction",
        .shape = &transaction_shape,
        .fallback = "null",
        .doc = "transactions"}),
    P::by<[](Report& report, const Node& node, const KeyInfo&, ProducerDraft& out) {
        read_object(report, node, cost_keys, "an object with per_record and per_byte", out.cpu);
    }>({.name = "cpu",
        .shape = &cost_shape,
        .fallback = "{}",
        .doc = "what send() costs the application's one thread"}),
    P::of<&ProducerDraft::partitioner, AsWord>({.name = "partitioner",
                                                .doc = "readable form of partitioner.class",
                                                .words = "key_hash|round_robin|sticky|explicit"}),
    P::by<[](Report& report, const Node& node, const KeyInfo&, ProducerDraft& out) {
        out.settings = read_settings(node, Place::producer, report);
    }>({.name = "config",
        .shape = &settings,
        .fallback = "{}",
        .doc = "Kafka's settings of producers"}),
};

} // namespace

constexpr Shape producer_shape = shape_of<producer_keys>("object");

void decode_producer(Report& report, const Node& node, ProducerDraft& out) {
    read_object(report, node, producer_keys, "a producer: an object", out);
}

} // namespace brokersim
