// Reads the fields of an event line, by the table of facts.
#include "trace/decode.hpp"

#include "trace/end_record.hpp"
#include "trace/utf8.hpp"

#include <algorithm>
#include <array>
#include <new>
#include <type_traits>
#include <utility>

namespace brokersim {

/// Reads one value into a field of a fact. False: wrong; `foreign`: right, but not ours.
class ValueReader {
public:
    ValueReader(Scanner& scan, FactDecoder& decoder) : scan_(scan), decoder_(decoder) {}

    bool foreign = false;

    template <std::integral N>
    bool value(N& out) {
        return scan_.number(out) || null();
    }
    bool value(bool& out) { return scan_.boolean(out) || null(); }
    bool value(Time& out) { return value(out.ns); }
    bool value(Duration& out) { return value(out.ns); }
    bool value(std::string_view& out) { return scan_.text(out) || null(); }
    template <class E>
    requires std::is_enum_v<E>
    bool value(E& out) {
        std::string_view text;
        if (!scan_.text(text)) { return null(); }
        foreign = foreign || !from_word(text, out);
        return true;
    }
    template <class Tag>
    bool value(Id<Tag>& out) {
        std::string_view name;
        return scan_.text(name) ? find(name, out) : null();
    }
    template <class T>
    bool value(std::optional<T>& out) {
        if (scan_.take("null")) {
            out.reset();
            return true;
        }
        return value(out.emplace());
    }
    template <class T>
    bool value(Maybe<T>& out) {
        out.present = !scan_.take("null");
        return !out.present || value(out.value);
    }
    bool value(std::span<const MachineId>& out) {
        return list(decoder_.machines_, decoder_.machine_lists_, out);
    }
    bool value(std::span<const PartitionId>& out) {
        return list(decoder_.partitions_, decoder_.partition_lists_, out);
    }
    bool value(std::span<const MemberAssignment>& out);
    bool value(Phases& out);

private:
    bool null() {
        const bool is_null = scan_.take("null");
        foreign = foreign || is_null;
        return is_null;
    }
    template <class Tag>
    bool find(std::string_view name, Id<Tag>& out) {
        if (decoder_.names_.find(name, out)) { return true; }
        decoder_.error_ = "unknown name \"" + visible(name, 80) + "\"";
        return false;
    }
    template <class I>
    bool list(std::deque<std::vector<I>>& pool, std::size_t& used, std::span<const I>& out) {
        if (used == pool.size()) { pool.emplace_back(); }
        std::vector<I>& items = pool[used++];
        items.clear();
        if (!scan_.take('[')) { return false; }
        if (!scan_.take(']')) {
            do {
                std::string_view name;
                if (!scan_.text(name) || !find(name, items.emplace_back())) { return false; }
            } while (scan_.take(','));
            if (!scan_.take(']')) { return false; }
        }
        out = items;
        return true;
    }

    Scanner& scan_;
    FactDecoder& decoder_;
};

bool ValueReader::value(std::span<const MemberAssignment>& out) {
    std::vector<MemberAssignment>& members = decoder_.members_;
    members.clear();
    if (!scan_.take('{')) { return false; }
    if (!scan_.take('}')) {
        do {
            std::string_view name;
            MemberAssignment& member = members.emplace_back();
            if (!scan_.key(name) || !find(name, member.member) || !value(member.partitions)) {
                return false;
            }
        } while (scan_.take(','));
        if (!scan_.take('}')) { return false; }
    }
    out = members;
    return true;
}

bool ValueReader::value(Phases& out) {
    if (!scan_.take('{')) { return false; }
    if (scan_.take('}')) { return true; }
    do {
        std::string_view name;
        if (!scan_.key(name)) { return false; }
        const auto phase = std::find_if(std::begin(phase_fields), std::end(phase_fields),
                                        [&](const auto& p) { return p.name == name; });
        const bool known = phase != std::end(phase_fields);
        if (known ? !value(out.*(phase->member)) : !scan_.skip()) { return false; }
    } while (scan_.take(','));
    return scan_.take('}');
}

namespace {

template <class T>
constexpr bool may_be_absent = false;
template <class T>
constexpr bool may_be_absent<std::optional<T>> = true;
template <class T>
constexpr bool may_be_absent<Maybe<T>> = true;

/// What a field means when it says a word that we do not have: reasons are of no consequence.
template <class F>
constexpr bool is_reason(std::string_view field) {
    return field == "why" && F::kind != FactKind::loss && F::kind != FactKind::dup;
}

} // namespace

template <class F>
struct FactReader {
    static constexpr std::size_t count = std::tuple_size_v<decltype(F::fields())>;
    using Index = std::make_index_sequence<count>;

    FactDecoder& decoder;
    Scanner& scan;
    F& fact;
    std::uint32_t seen = 0;
    bool foreign = false;

    Decoded read() {
        while (scan.take(',')) {
            std::string_view name;
            if (!scan.key(name)) { return Decoded::wrong; }
            bool known = false;
            if (!field(name, known, Index())) { return wrong(name); }
            if (known) { continue; }
            ++decoder.unknown_fields_;
            if (!scan.skip()) { return Decoded::wrong; }
        }
        if (!scan.take('}') || !scan.at_end()) { return Decoded::wrong; }
        if (!complete(Index())) { return Decoded::wrong; }
        return foreign ? Decoded::skipped : Decoded::fact;
    }

private:
    template <std::size_t... I>
    bool field(std::string_view name, bool& known, std::index_sequence<I...>) {
        bool fine = true;
        static_cast<void>(
            ((std::get<I>(F::fields()).name == name ? (known = true, fine = read_one<I>(), true)
                                                    : false) ||
             ...));
        return fine;
    }
    template <std::size_t I>
    bool read_one() {
        constexpr auto entry = std::get<I>(F::fields());
        if ((seen >> I & 1) != 0) {
            decoder.error_ = "field \"" + std::string(entry.name) + "\" twice";
            return false;
        }
        seen |= 1U << I;
        ValueReader reader(scan, decoder);
        bool fine = reader.value(fact.*(entry.member));
        // A connection's name is a number of ours; others may write a text, which nothing reads.
        if (!fine && entry.name == "conn") { fine = scan.skip(); }
        foreign = foreign || (reader.foreign && !is_reason<F>(entry.name));
        return fine;
    }
    template <std::size_t... I>
    bool complete(std::index_sequence<I...>) {
        return (has<I>() && ...);
    }
    template <std::size_t I>
    bool has() {
        constexpr auto entry = std::get<I>(F::fields());
        using T = std::remove_cvref_t<decltype(fact.*(entry.member))>;
        if (may_be_absent<T> || (seen >> I & 1) != 0) { return true; }
        decoder.error_ =
            std::string(F::name) + " lacks the field \"" + std::string(entry.name) + "\"";
        return false;
    }
    Decoded wrong(std::string_view name) {
        if (decoder.error_.empty()) {
            decoder.error_ =
                "wrong value in the field \"" + std::string(name) + "\" of " + std::string(F::name);
        }
        return Decoded::wrong;
    }
};

namespace {

struct Entry {
    std::string_view name;
    FactKind kind{};
    Decoded (*read)(FactDecoder&, Scanner&, void*) = nullptr;
};

template <class F>
Decoded read_fact(FactDecoder& decoder, Scanner& scan, void* memory) {
    static_assert(std::is_trivially_destructible_v<F>);
    F& fact = *new (memory) F{};
    return FactReader<F>{decoder, scan, fact}.read();
}

template <std::size_t... I>
constexpr auto entries_of(std::index_sequence<I...>) {
    std::array<Entry, sizeof...(I)> entries = {
        Entry{std::tuple_element_t<I, AllFacts>::name, std::tuple_element_t<I, AllFacts>::kind,
              &read_fact<std::tuple_element_t<I, AllFacts>>}...};
    for (std::size_t k = 1; k < entries.size(); ++k) { // insertion sort: by name
        for (std::size_t j = k; j > 0 && entries[j].name < entries[j - 1].name; --j) {
            const Entry other = entries[j];
            entries[j] = entries[j - 1];
            entries[j - 1] = other;
        }
    }
    return entries;
}

template <std::size_t... I>
constexpr std::size_t size_max(std::index_sequence<I...>) {
    return std::max({sizeof(std::tuple_element_t<I, AllFacts>)...});
}

using AllIndices = std::make_index_sequence<std::tuple_size_v<AllFacts>>;

} // namespace

Decoded FactDecoder::decode(std::string_view event, Scanner& scan) {
    static constexpr auto entries = entries_of(AllIndices());
    static_assert(size_max(AllIndices()) <= sizeof memory_);
    error_.clear();
    machine_lists_ = partition_lists_ = 0;
    const auto entry =
        std::lower_bound(entries.begin(), entries.end(), event,
                         [](const Entry& e, std::string_view name) { return e.name < name; });
    if (entry != entries.end() && entry->name == event) {
        kind_ = entry->kind;
        return entry->read(*this, scan, memory_);
    }
    std::string_view name;
    while (scan.take(',')) {
        if (!scan.key(name) || !scan.skip()) { return Decoded::wrong; }
    }
    return scan.take('}') && scan.at_end() ? Decoded::skipped : Decoded::wrong;
}

} // namespace brokersim
