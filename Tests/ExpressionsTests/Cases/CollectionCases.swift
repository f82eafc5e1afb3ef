enum CollectionCases {
    static let loops = #"""
        [1, 2].all(x, x > 0) => true
        [1, 2].all(x, x > 1) => false
        [].all(x, x > 0) => true
        [1, 0].all(x, 1 / x > 0) =! divisionByZero
        [0, 2].all(x, 1 / x > 1) => false
        {'a': 1}.all(k, k == 'a') => true
        [1, 2].exists(x, x == 2) => true
        [1, 2].exists(x, x == 3) => false
        [].exists(x, true) => false
        [0, 1].exists(x, 1 / x == 1) => true
        [0].exists(x, 1 / x == 1) =! divisionByZero
        {'a': 1, 'b': 2}.exists(k, k == 'b') => true
        [1, 2].exists_one(x, x == 1) => true
        [1, 1].exists_one(x, x == 1) => false
        [1, 1].existsOne(x, x == 1) => false
        [1, 0].exists_one(x, 1 / x == 1) =! divisionByZero
        [1, 2].map(x, x * 2) => [2, 4]
        [].map(x, x) => []
        [1, 2, 3].map(x, x > 1, x * 2) => [4, 6]
        {'a': 1}.map(k, k + k) => ['aa']
        [1, 0].map(x, 1 / x) =! divisionByZero
        [1, 2, 3].filter(x, x % 2 == 1) => [1, 3]
        {'a': 1, 'b': 2}.filter(k, k != 'a') => ['b']
        [1].filter(x, x) =! typeMismatch
        [dyn(1)].filter(x, x) =! noSuchOverload
        [[1, 2], [3]].map(l, l.map(x, x + 1)) => [[2, 3], [4]]
        [1, 2].map(x, [10, 20].map(y, x + y)) => [[11, 21], [12, 22]]
        [1].map(x, [2].map(x, x)) => [[2]]
        [1, 2].all(i, v, i < v) => true
        [1, 2].exists(i, v, i == 1 && v == 2) => true
        [1, 2].existsOne(i, v, v == 1) => true
        {'a': 1}.all(k, v, k == 'a' && v == 1) => true
        {'a': 1}.exists(k, v, v == 2) => false
        [1, 2].transformList(i, v, v * 10 + i) => [10, 21]
        [1, 2, 3].transformList(i, v, i > 0, v) => [2, 3]
        {'a': 1}.transformList(k, v, v + 1) => [2]
        {'a': 1, 'b': 2}.transformMap(k, v, v * 2) => {'a': 2, 'b': 4}
        {'a': 1, 'b': 2}.transformMap(k, v, v > 1, v) => {'b': 2}
        ['x', 'y'].transformMap(i, v, v) => {0: 'x', 1: 'y'}
        {'a': 'x'}.transformMapEntry(k, v, {v: k}) => {'x': 'a'}
        ['x', 'y'].transformMapEntry(i, v, {v: i}) => {'x': 0, 'y': 1}
        ['x', 'x'].transformMapEntry(i, v, {v: i}) =! duplicateKey
        {'a': 1}.transformMapEntry(k, v, v == 2, {v: k}) => {}
        1.map(x, x) =! typeMismatch
        dyn(1).map(x, x) =! noSuchOverload
        'abc'.all(x, true) =! typeMismatch
        [1].map(1, 1) =! invalidMacro
        [1].map(x.y, 1) =! invalidMacro
        [1].transformList(x, x, 1) =! invalidMacro
        [1].map(x) =! invalidMacro
        [1].filter(x, y, z) =! invalidMacro
        cel.bind(x, 5, x * x) => 25
        cel.bind(x, 1 / 0, 2) => 2
        cel.bind(x, 1 / 0, x) =! divisionByZero
        cel.bind(x, 1, cel.bind(y, x + 1, x + y)) => 3
        cel.bind(x, [1].map(y, y), [2].map(z, x.map(q, q + z))) => [[3]]
        cel.bind(1, 2, 3) =! invalidMacro
        cel.block([1, cel.index(0) + 1], cel.index(1) * 2) => 4
        cel.block([1 / 0], 2) => 2
        cel.block(1, 2) =! invalidMacro
        cel.block([[1, 2, 3].map(y, y * 10), [5, 6].map(x, cel.index(0).size() + x)], cel.index(1)) => [8, 9]
        [1].map(z, cel.bind(x, [z].map(y, y + 1), [5].map(q, x[0] + q + z))) => [[8]]
        {'b': 1, 'a': 2}.sortBy(x, x) =! typeMismatch
        cel.index(-1) =! invalidMacro
        [1, 2].map(cel.iterVar(0, 0), cel.iterVar(0, 0) + 1) => [2, 3]
        """#

    static let lists = #"""
        [1] + [2] => [1, 2]
        [] + [] => []
        [1] + ['a'] =! noMatchingOverload
        [dyn(1)] + ['a'] => [1, 'a']
        [1, 2, 3].slice(1, 3) => [2, 3]
        [1, 2, 3].slice(0, 0) => []
        [1, 2, 3].slice(2, 1) =! outOfRange
        [1, 2, 3].slice(0, 4) =! outOfRange
        [1, 2, 3].slice(-1, 1) =! outOfRange
        [[1], [2, [3]]].flatten() => [1, 2, [3]]
        [[1], [2, [3]]].flatten(2) => [1, 2, 3]
        [[1]].flatten(0) => [[1]]
        [1, [2]].flatten() => [1, 2]
        [[1]].flatten(-1) =! invalidArgument
        [3, 1, 2].sort() => [1, 2, 3]
        ['b', 'a'].sort() => ['a', 'b']
        [2.5, 1.5].sort() => [1.5, 2.5]
        [true, false].sort() => [false, true]
        [].sort() => []
        [dyn(2), 1u].sort() => [1u, 2]
        [dyn(1), 'a'].sort() =! noSuchOverload
        [[2], [1]].sort() =! noMatchingOverload
        dyn([[2], [1]]).sort() =! noSuchOverload
        [1, 2].sortBy(x, [x]) =! typeMismatch
        math.greatest('a', 'b') =! noMatchingOverload
        math.greatest(['a']) =! noMatchingOverload
        ([1] + [dyn('a')])[1].size() => 1
        [[dyn('a')], [1]][0][0].size() => 1
        (false ? [1] : [dyn('a')])[0].size() => 1
        [{'a': dyn(1)}, {'a': 'x'}][1].a.size() => 1
        optional.of(1).or(optional.of(dyn('a'))).value() => 1
        cel.block([?optional.of(1)], 2) =! invalidMacro
        Money{currency: 'EUR', currency: 'USD', minorUnits: 1} =! syntax
        [money('1', 'EUR'), money('1', 'USD')].sort() =! noSuchOverload
        [1, decimal('1')].distinct().size() => 1
        [decimal('1'), 1].distinct().size() => 1
        decimal('1') in [dyn(1), 2, 3, 4, 5, 6, 7, 8, 9] => true
        9007199254740992.0 in [dyn(9007199254740993), 1, 2, 3, 4, 5, 6, 7, 8, 9] => true
        'j' in ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'] => true
        dyn(1) in ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'] => false
        [{'n': 2}, {'n': 1}].sortBy(x, x.n) => [{'n': 1}, {'n': 2}]
        ['bb', 'a'].sortBy(x, size(x)) => ['a', 'bb']
        [1, 2, 1].distinct() => [1, 2]
        [1, dyn(1u), 2.0].distinct() => [1, 2.0]
        [[1], [1], [2]].distinct() => [[1], [2]]
        [].distinct() => []
        [1, 2].reverse() => [2, 1]
        [].reverse() => []
        [1, 2, 3].sum(0) => 6
        [].sum(0) => 0
        [1.5, 2.5].sum(0.0) => 4.0
        [1u].sum(1u) => 2u
        string([decimal('0.1'), decimal('0.2')].sum(decimal('0'))) => '0.3'
        [money('1', 'EUR'), money('2', 'EUR')].sum(money('0', 'EUR')).minorUnits => 300
        [duration('1s'), duration('2s')].sum(duration('0s')) == duration('3s') => true
        [9223372036854775807].sum(1) =! overflow
        ['a'].sum('b') =! noMatchingOverload
        [dyn('a')].sum(dyn('b')) =! noSuchOverload
        [dyn(1)].sum(dyn(1.0)) =! noSuchOverload
        lists.range(3) => [0, 1, 2]
        lists.range(0) => []
        lists.range(-5) => []
        [1, 2].first() == optional.of(1) => true
        [1, 2].last().value() => 2
        [].first().hasValue() => false
        sets.contains([1, 2], [1]) => true
        sets.contains([1], [1, 2]) => false
        sets.contains([], []) => true
        sets.contains([1], [dyn(1u)]) => true
        sets.equivalent([1, 2], [2, 1, 1]) => true
        sets.equivalent([1], [2]) => false
        sets.intersects([1, 2], [2, 3]) => true
        sets.intersects([1], [2]) => false
        sets.intersects([], []) => false
        sets.contains(dyn(1), [1]) =! noSuchOverload
        """#

    static let optionals = #"""
        optional.of(1).hasValue() => true
        optional.none().hasValue() => false
        optional.of(1).value() => 1
        optional.none().value() =! invalidArgument
        optional.of(1).orValue(2) => 1
        optional.none().orValue(2) => 2
        optional.of(1).orValue(1 / 0) => 1
        optional.none().orValue(1 / 0) =! divisionByZero
        optional.none().or(optional.of(3)).value() => 3
        optional.of(1).or(optional.of(3)).value() => 1
        dyn(1).orValue(2) =! noSuchOverload
        optional.ofNonZeroValue(0).hasValue() => false
        optional.ofNonZeroValue('').hasValue() => false
        optional.ofNonZeroValue([]).hasValue() => false
        optional.ofNonZeroValue(1).hasValue() => true
        {'a': 1}.?a.value() => 1
        {'a': 1}.?b.hasValue() => false
        {'a': {'b': 1}}.?a.b.value() => 1
        {'a': {}}.?a.b.hasValue() => false
        {}.?a.b.c.hasValue() => false
        {'a': 1}[?'a'].value() => 1
        {'a': 1}[?'b'].hasValue() => false
        [1][?0].value() => 1
        [1][?1].hasValue() => false
        {'a': [1]}.?a[?0].value() => 1
        {'a': [1]}.?a[0].value() => 1
        dyn(1).?a =! noSuchOverload
        [?optional.of(1), ?optional.none()] => [1]
        {?'a': optional.of(1), ?'b': optional.none()} => {'a': 1}
        [?1] =! typeMismatch
        [?dyn(1)] =! noSuchOverload
        optional.of(1).optMap(x, x + 1).value() => 2
        optional.none().optMap(x, x + 1).hasValue() => false
        optional.of(1).optFlatMap(x, optional.of(x + 1)).value() => 2
        optional.of(1).optFlatMap(x, optional.none()).hasValue() => false
        optional.of(1).optFlatMap(x, x) =! typeMismatch
        [1].optMap(x, x) =! typeMismatch
        optional.of(1) == optional.of(1) => true
        optional.of(1) == optional.of(2) => false
        optional.none() == optional.none() => true
        optional.of(1) == optional.none() => false
        optional.unwrap([optional.of(1), optional.none()]) => [1]
        [optional.of(1), optional.none()].unwrapOpt() => [1]
        has(optional.of({'a': 1}).a) => true
        has(optional.none().a) => false
        """#

    static let names = #"""
        unknown =! undeclaredName
        unknown.field =! undeclaredName
        unknown() =! unknownFunction
        'a'.unknown() =! unknownFunction
        startsWith('a', 'b') =! unknownFunction
        .math =! undeclaredName
        int => type(1)
        list => type([])
        map => type({})
        math.unknown(1) =! undeclaredName
        """#
}
