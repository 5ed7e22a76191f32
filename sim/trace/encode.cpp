// Writes facts as lines and as bytes, by the table of facts.
#include "trace/encode.hpp"

#include <array>
#include <cstring>
#include <type_traits>
#include <utility>

namespace brokersim {

namespace {

/// `,"name":` as a constant, so that a field costs one copy of known length.
struct Key {
    char text[32] = {};
    std::size_t size = 0;

    constexpr void put(std::string_view part) {
        for (const char c : part) {
            text[size++] = c;
        }
    }
};

template <class F, std::size_t I>
constexpr Key key_of() {
    Key key;
    key.put(",\"");
    key.put(std::get<I>(F::fields()).name);
    key.put("\":");
    return key;
}
template <class F, std::size_t I>
constexpr Key field_key = key_of<F, I>();

template <class F>
constexpr Key event_key_of() {
    Key key;
    key.put(",\"e\":\"");
    key.put(F::name);
    key.put("\"");
    return key;
}
template <class F>
constexpr Key event_key = event_key_of<F>();

template <class F>
constexpr std::size_t field_count = std::tuple_size_v<decltype(F::fields())>;

/// More than the parts of any line that have a bounded length, together.
constexpr std::size_t bounded_bytes = 1024;
static_assert(bounded_bytes > 12 * (sizeof(Key::text) + TextBuffer::digits_max));

constexpr char pairs[] = "00010203040506070809101112131415161718192021222324"
                         "25262728293031323334353637383940414243444546474849"
                         "50515253545556575859606162636465666768697071727374"
                         "75767778798081828384858687888990919293949596979899";

/// Decimal digits at `at`; returns their end. Twice as fast as std::to_chars on short numbers.
char* put_number(char* at, std::uint64_t value) {
    char digits[20];
    char* first = digits + sizeof digits;
    while (value >= 100) {
        first -= 2;
        std::memcpy(first, pairs + value % 100 * 2, 2);
        value /= 100;
    }
    if (value >= 10) {
        first -= 2;
        std::memcpy(first, pairs + value * 2, 2);
    } else {
        *--first = static_cast<char>('0' + value);
    }
    const auto size = static_cast<std::size_t>(digits + sizeof digits - first);
    std::memcpy(at, first, size);
    return at + size;
}

/// Spells one line. Between texts of any length there is always room for all bounded parts.
class LineWriter {
public:
    LineWriter(TextBuffer& out, const LineEncoder& names)
        : out_(out), names_(names), at_(out.room(bounded_bytes)), end_(out.end_of_memory()) {}

    void begin(std::uint64_t n, Time t, Cause c) {
        put("{\"n\":");
        value(n);
        put(",\"t\":");
        value(t);
        put(",\"c\":");
        value(c.n);
    }
    template <class F>
    void operator()(const F& fact) {
        static_assert(field_count<F> <= 12, "see bounded_bytes");
        put(event_key<F>);
        fields(fact, std::make_index_sequence<field_count<F>>());
    }
    void finish() {
        put("}\n");
        out_.end_at(at_);
    }

private:
    template <class F, std::size_t... I>
    void fields(const F& fact, std::index_sequence<I...>) {
        (field<F, I>(fact.*(std::get<I>(F::fields()).member)), ...);
    }
    template <class F, std::size_t I, class T>
    void field(const T& content) {
        put(field_key<F, I>);
        value(content);
    }
    template <class F, std::size_t I, class T>
    void field(const Maybe<T>& maybe) {
        if (maybe.present) { field<F, I>(maybe.value); }
    }

    void put(const Key& key) { // inlined with a constant: one copy
        std::memcpy(at_, key.text, key.size);
        at_ += key.size;
    }
    template <std::size_t N>
    void put(const char (&text)[N]) {
        std::memcpy(at_, text, N - 1);
        at_ += N - 1;
    }
    void put(char c) { *at_++ = c; }
    void put_text(std::string_view text) {
        if (static_cast<std::size_t>(end_ - at_) < text.size() + bounded_bytes) {
            grow(text.size() + bounded_bytes);
        }
        std::memcpy(at_, text.data(), text.size());
        at_ += text.size();
    }
    void grow(std::size_t bytes) {
        out_.end_at(at_);
        at_ = out_.room(bytes);
        end_ = out_.end_of_memory();
    }

    template <std::unsigned_integral N>
    void value(N number) {
        at_ = put_number(at_, number);
    }
    template <std::signed_integral N>
    void value(N number) {
        auto magnitude = static_cast<std::uint64_t>(number);
        if (number < 0) {
            put('-');
            magnitude = 0 - magnitude;
        }
        at_ = put_number(at_, magnitude);
    }
    void value(bool yes) {
        if (yes) {
            put("true");
        } else {
            put("false");
        }
    }
    void value(Time t) { value(t.ns); }
    void value(Duration d) { value(d.ns); }
    void value(std::string_view text) {
        out_.end_at(at_);
        out_.add_json(text);
        at_ = out_.room(bounded_bytes);
        end_ = out_.end_of_memory();
    }
    template <class E>
    requires std::is_enum_v<E>
    void value(E e) {
        put('"');
        put_text(word(e));
        put('"');
    }
    template <class Tag>
    void value(Id<Tag> id) {
        put_text(names_.name(id));
    }
    template <class T>
    void value(const std::optional<T>& maybe) {
        if (maybe) {
            value(*maybe);
        } else {
            put("null");
        }
    }
    template <class Tag>
    void value(std::span<const Id<Tag>> ids) {
        put('[');
        for (std::size_t k = 0; k < ids.size(); ++k) {
            if (k > 0) { put(','); }
            put_text(names_.name(ids[k]));
        }
        put(']');
    }
    void value(std::span<const MemberAssignment> members) {
        put('{');
        for (std::size_t k = 0; k < members.size(); ++k) {
            if (k > 0) { put(','); }
            put_text(names_.name(members[k].member));
            put(':');
            value(members[k].partitions);
        }
        put('}');
    }
    void value(const Phases& p) {
        char separator = '{';
        for (const auto& phase : phase_fields) {
            put(separator);
            put('"');
            put_text(phase.name);
            put("\":");
            value(p.*phase.member);
            separator = ',';
        }
        put('}');
    }

    TextBuffer& out_;
    const LineEncoder& names_;
    char* at_;
    char* end_;
};

template <std::size_t... I>
constexpr auto levels_of(std::index_sequence<I...>) {
    return std::array<Level, sizeof...(I)>{std::tuple_element_t<I, AllFacts>::level...};
}

} // namespace

void QuotedNames::add(std::string_view name) {
    text_.add_json(name);
    begin_.push_back(text_.size());
}

LineEncoder::LineEncoder(const RunInfo& info) {
    for (const std::string& name : info.nodes) {
        machines_.add(name);
    }
    for (const std::string& name : info.partitions) {
        partitions_.add(name);
    }
    for (const TopicInfo& topic : info.topics) {
        topics_.add(topic.name);
    }
    for (const ProducerInfo& producer : info.producers) {
        producers_.add(producer.name);
    }
    for (const GroupInfo& group : info.groups) {
        groups_.add(group.name);
    }
    for (const std::string& name : info.faults) {
        faults_.add(name);
    }
}

void LineEncoder::line(TextBuffer& out, std::uint64_t n, Time t, Cause c, FactRef fact) const {
    LineWriter writer(out, *this);
    writer.begin(n, t, c);
    visit(fact, writer);
    writer.finish();
}

void write_binary(FactBytes& out, Time t, FactRef fact) {
    visit(fact, [&](const auto& typed) { out.add(t, typed); });
}

Level level_of(FactKind kind) {
    static constexpr auto levels =
        levels_of(std::make_index_sequence<std::tuple_size_v<AllFacts>>());
    return levels[static_cast<std::size_t>(kind)];
}

} // namespace brokersim
