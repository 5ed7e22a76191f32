// What becomes of records that cannot be processed, and of those around them.
#include "consumer_table.hpp"

#include <doctest/doctest.h>

using namespace brokersim;
using namespace brokersim::test;

namespace {

constexpr PartitionId orders_0{0};
constexpr std::int64_t always = RecordMarks::always;

/// 10 ms for a record, 100 ms between attempts.
ConsumerGroupSpec failing_spec(FailurePolicy then, std::int64_t retries) {
    ConsumerGroupSpec spec = billing_spec();
    spec.processing = Distribution::constant(milliseconds(10));
    spec.on_failure = {retries, milliseconds(100), then};
    return spec;
}

/// Records of `shop` that fail so often, and those around them.
void poison(ConsumerTable& t, std::int64_t i, std::int64_t fails) {
    t.h.marks().keep();
    t.h.marks().add(ProducerId(0), orders_0, {0, i, RecordMarks::no_key, 0});
    t.h.marks().add(ProducerId(0), orders_0, {i, 1, RecordMarks::no_key, fails});
    t.h.marks().add(ProducerId(0), orders_0, {i + 1, 100, RecordMarks::no_key, 0});
}

/// `30 1 failed #1`: when, offset (from..to), outcome, attempt.
std::string done(ConsumerTable& t) {
    std::string text;
    std::string told = t.h.take("cons.done");
    for (std::size_t at = 0; at < told.size();) {
        const std::size_t end = told.find('\n', at);
        const std::string line = told.substr(at, end - at);
        const auto word = [&](const std::string& key) {
            const std::size_t from = line.find(key + "=");
            if (from == std::string::npos) { return std::string(); }
            const std::size_t value = from + key.size() + 1;
            return line.substr(value, line.find(' ', value) - value);
        };
        const std::string to = word(" to");
        text += line.substr(0, line.find(' ')) + " " + word("off") + (to.empty() ? "" : ".." + to) +
                " " + word("outcome") + " #" + word("attempt") + "\n";
        at = end + 1;
    }
    return text;
}

} // namespace

TEST_CASE("block: a record that fails is tried again for ever, and holds up the others") {
    ConsumerTable t(failing_spec(FailurePolicy::block, 0));
    poison(t, 1, always);
    t.append(0, 4);
    t.run_ms(400);
    CHECK(done(t) == "32 0 ok #1\n42 1 failed #1\n152 1 failed #2\n262 1 failed #3\n"
                     "372 1 failed #4\n");
    // poll() is not called meanwhile: after max.poll.interval.ms the member leaves its group.
    t.run_ms(301'000);
    CHECK(t.asked.back().ends_with("LeaveGroup"));
    CHECK(done(t).ends_with(" 1 failed #2736\n"));
}

TEST_CASE("a record that fails some times works after that, and the next ones follow") {
    ConsumerTable t(failing_spec(FailurePolicy::block, 0));
    poison(t, 1, 2);
    t.append(0, 4);
    t.run_ms(400);
    CHECK(done(t) == "32 0 ok #1\n42 1 failed #1\n152 1 failed #2\n262 1 ok #3\n272 2 ok #1\n"
                     "282 3 ok #1\n");
}

TEST_CASE("discard: after the retries the record is given up") {
    ConsumerTable t(failing_spec(FailurePolicy::discard, 2));
    poison(t, 1, always);
    t.append(0, 3);
    t.run_ms(400);
    CHECK(done(t) == "32 0 ok #1\n42 1 failed #1\n152 1 failed #2\n262 1 failed #3\n"
                     "262 1 discarded #3\n272 2 ok #1\n");
}

TEST_CASE("discard without retries: one attempt, at once") {
    ConsumerGroupSpec spec = failing_spec(FailurePolicy::discard, 0);
    spec.processing = Distribution::constant(Duration{});
    ConsumerTable t(spec);
    poison(t, 1, always);
    t.append(0, 4);
    t.run_ms(400);
    CHECK(done(t) == "22 0 ok #1\n22 1 failed #1\n22 1 discarded #1\n22 2..4 ok #1\n");
}

TEST_CASE("crash: the process dies after the retries; attempts count for the group") {
    ConsumerTable t(failing_spec(FailurePolicy::crash, 1));
    poison(t, 1, 3);
    t.append(0, 3);
    t.run_ms(400);
    CHECK(t.h.crashed);
    CHECK(done(t) == "32 0 ok #1\n42 1 failed #1\n152 1 failed #2\n");
    // The next process knows nothing of the first: the record fails once more, then it works.
    t.h.crashed = false;
    t.h.start();
    t.run_ms(1000);
    CHECK_FALSE(t.h.crashed);
    CHECK(done(t) == "436 0 ok #1\n446 1 failed #1\n556 1 ok #2\n566 2 ok #1\n");
}

TEST_CASE("crash with commits before processing: what the process had in hand is gone") {
    ConsumerGroupSpec spec = failing_spec(FailurePolicy::crash, 0);
    spec.commit = CommitMode::before_processing;
    ConsumerTable t(spec);
    poison(t, 1, always);
    t.append(0, 3);
    t.run_ms(400);
    CHECK(t.h.crashed);
    t.append(0, 2);
    t.h.start();
    t.run_ms(1000);
    CHECK(done(t) == "34 0 ok #1\n44 1 failed #1\n438 3 ok #1\n448 4 ok #1\n");
}

TEST_CASE("dead letters: the next record waits for the acknowledgement, the key goes with it") {
    ConsumerGroupSpec spec = failing_spec(FailurePolicy::dead_letter, 1);
    spec.dead_letter_topic = 1;
    spec.producer_config.linger = {};
    ConsumerTable t(spec);
    t.h.marks().keep();
    t.h.marks().list_keys(ProducerId(0), {"k3", "Jürgen"});
    t.h.marks().add(ProducerId(0), orders_0, {0, 1, 0, 0});
    t.h.marks().add(ProducerId(0), orders_0, {1, 1, 1, always});
    t.h.marks().add(ProducerId(0), orders_0, {2, 9, 0, 0});
    t.append(0, 3);
    // Records of 100 bytes less 61 for the batch, 7 for fields of the record and 7 for the key.
    t.run_ms(153);
    CHECK(t.h.take("prod.new") ==
          "152 prod.new p=m1 tp=letters/0 i=0 count=1 key=Jürgen bytes=72\n");
    CHECK_FALSE(t.h.actor.idle());
    t.run_ms(400);
    CHECK(t.log(1).end == 1);
    CHECK(t.h.take("cons.done") ==
          "154 cons.done g=billing mem=m1 tp=orders/0 off=1 attempt=2 outcome=dead_lettered\n"
          "164 cons.done g=billing mem=m1 tp=orders/0 off=2 attempt=1 outcome=ok\n");
}

TEST_CASE("a dead letter that cannot be written in time: the record is tried again") {
    ConsumerGroupSpec spec = failing_spec(FailurePolicy::dead_letter, 0);
    spec.dead_letter_topic = 1;
    spec.producer_config.linger = {};
    spec.producer_config.request_timeout = milliseconds(300);
    spec.producer_config.delivery_timeout = milliseconds(500);
    ConsumerTable t(spec);
    poison(t, 0, always);
    t.answers_produce = false;
    t.append(0, 2);
    t.run_ms(600);
    t.answers_produce = true;
    t.run_ms(1000);
    // Out of time at 532, then another attempt after the back-off, then another letter.
    const std::string facts = t.h.take("");
    CHECK(facts.find("532 prod.fail p=m1 tp=letters/0 i=0 count=1 error=TIMEOUT") !=
          std::string::npos);
    CHECK(facts.find("642 cons.done g=billing mem=m1 tp=orders/0 off=0 attempt=2 outcome=failed\n"
                     "642 prod.new p=m1 tp=letters/0 i=1 count=1 key=null") != std::string::npos);
    CHECK(facts.find("off=0 attempt=2 outcome=dead_lettered") != std::string::npos);
    CHECK(facts.find("off=1 attempt=1 outcome=ok") != std::string::npos);
}

TEST_CASE("an application that ends gives up what it tries again, and commits what is done") {
    ConsumerGroupSpec spec = failing_spec(FailurePolicy::block, 0);
    spec.commit = CommitMode::after_processing;
    ConsumerTable t(spec);
    poison(t, 2, always);
    t.append(0, 5);
    t.run_ms(100);
    CHECK(done(t) == "32 0 ok #1\n42 1 ok #1\n52 2 failed #1\n");
    t.h.stop();
    t.run_ms(200);
    CHECK(t.h.exited);
    REQUIRE(t.commits.size() == 1);
    CHECK(t.commits[0].offsets[0].offset == 2);
    CHECK(done(t).empty());
}

TEST_CASE("on close automatic commits cover what poll() has returned, done or not") {
    ConsumerTable t(failing_spec(FailurePolicy::block, 0));
    poison(t, 2, always);
    t.append(0, 5);
    t.run_ms(100);
    t.h.stop();
    t.run_ms(200);
    CHECK(t.h.exited);
    REQUIRE(t.commits.size() == 1);
    CHECK(t.commits[0].offsets[0].offset == 5);
}

TEST_CASE("several workers: records without a key go to whoever is free") {
    ConsumerGroupSpec spec = failing_spec(FailurePolicy::discard, 0);
    spec.concurrency = 3;
    ConsumerTable t(spec);
    t.append(0, 7);
    t.run_ms(400);
    CHECK(done(t) == "32 0..3 ok #1\n42 3..6 ok #1\n52 6 ok #1\n");
}

TEST_CASE("several workers: the records of one key stay in order, others pass them") {
    ConsumerGroupSpec spec = failing_spec(FailurePolicy::block, 0);
    spec.concurrency = 2;
    spec.commit = CommitMode::after_processing;
    ConsumerTable t(spec);
    t.h.marks().keep();
    // Keys 0 0 0 1 2, the first fails once.
    t.h.marks().add(ProducerId(0), orders_0, {0, 1, 0, 1});
    t.h.marks().add(ProducerId(0), orders_0, {1, 2, 0, 0});
    t.h.marks().add(ProducerId(0), orders_0, {3, 1, 1, 0});
    t.h.marks().add(ProducerId(0), orders_0, {4, 1, 2, 0});
    t.append(0, 5);
    t.run_ms(161);
    CHECK(t.commits.empty()); // Not before all are done.
    t.run_ms(400);
    CHECK(done(t) == "32 0 failed #1\n32 3 ok #1\n42 4 ok #1\n142 0 ok #2\n152 1 ok #1\n"
                     "162 2 ok #1\n");
    REQUIRE(t.commits.size() == 1);
    CHECK(t.commits[0].offsets[0].offset == 5);
}

TEST_CASE("several workers: a stop commits up to the first record that is not done") {
    ConsumerGroupSpec spec = failing_spec(FailurePolicy::block, 0);
    spec.concurrency = 2;
    spec.commit = CommitMode::after_processing;
    ConsumerTable t(spec);
    poison(t, 1, always);
    t.append(0, 4);
    t.run_ms(100);
    CHECK(done(t) == "32 0 ok #1\n32 1 failed #1\n42 2 ok #1\n52 3 ok #1\n");
    t.h.stop();
    t.run_ms(200);
    REQUIRE(t.commits.size() == 1);
    CHECK(t.commits[0].offsets[0].offset == 1);
}

TEST_CASE("equal keys have one number, whichever producer lists them") {
    RecordMarks marks;
    marks.list_keys(ProducerId(1), {"k7", "a", "b"});
    marks.list_keys(ProducerId(2), {"b", "k07", "k8"});
    CHECK(marks.key_of(ProducerId(0), 7) == 7);
    CHECK(marks.key_of(ProducerId(1), 0) == 7);
    CHECK(marks.key_of(ProducerId(1), 2) == marks.key_of(ProducerId(2), 0));
    CHECK(marks.key_of(ProducerId(1), 1) != marks.key_of(ProducerId(2), 0));
    CHECK(marks.key_of(ProducerId(2), 2) == 8);
    CHECK(marks.key_text(marks.key_of(ProducerId(2), 1)) == "k07");
    CHECK(marks.key_text(7) == "k7");
    CHECK(marks.key_of(ProducerId(1), RecordMarks::no_key) == RecordMarks::no_key);
}
