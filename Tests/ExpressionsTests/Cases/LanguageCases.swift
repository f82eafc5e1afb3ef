/// One case to a line: an expression, `=>` and one that gives the same, or `=!` and an error's code.
enum LanguageCases {
    static let literals = #"""
        0 => 0
        -0 => 0
        42 => 42
        -42 => -42
        9223372036854775807 => 9223372036854775807
        -9223372036854775808 => -9223372036854775807 - 1
        0x0 => 0
        0xff => 255
        0XFF => 255
        -0x10 => -16
        0u => 0u
        42u => 42u
        42U => 42u
        0xFFu => 255u
        18446744073709551615u => 18446744073709551614u + 1u
        9223372036854775808 =! syntax
        18446744073709551616u =! syntax
        0x10000000000000000u =! syntax
        0.0 => 0.0
        .5 => 0.5
        1.5e3 => 1500.0
        1e3 => 1000.0
        1E-2 => 0.01
        2.e3 =! typeMismatch
        1e400 =! syntax
        true => true
        false => false
        null => null
        "" => ''
        'a' => "a"
        "a'b" => 'a\'b'
        'a"b' => "a\"b"
        '''a''' => 'a'
        """a""" => 'a'
        '''it's''' => "it's"
        """a "quote" """ => 'a "quote" '
        r'\n' => '\\n'
        R"\d+" => "\\d+"
        r'''\t''' => '\\t'
        '\a\b\f\n\r\t\v' => '\x07\x08\x0c\x0a\x0d\x09\x0b'
        '\?' => '?'
        '\`' => '`'
        '\101' => 'A'
        '\x41' => 'A'
        '\X41' => 'A'
        'A' => 'A'
        '\U00000041' => 'A'
        '\U0001F600' => '😀'
        '\ud800' =! invalidLiteral
        '\U00110000' =! invalidLiteral
        '\q' =! invalidLiteral
        '\x4' =! invalidLiteral
        '\400' =! invalidLiteral
        'open =! syntax
        '''open' =! syntax
        b'abc' => bytes('abc')
        b"\xff" == b'\377' => true
        b'ÿ' => b'\xc3\xbf'
        B'a' => b'a'
        br'\n' => b'\\n'
        rb'\n' => b'\\n'
        b'\u0041' =! invalidLiteral
        [] => []
        [1] => [1]
        [1, 2,] => [1, 2]
        [1, 'a', null] => [1, 'a', null]
        [[1], []] => [[1], []]
        {} => {}
        {'a': 1} => {'a': 1}
        {'a': 1, 'b': 2,} => {'b': 2, 'a': 1}
        {1: 'a', 2u: 'b', true: 'c', 's': 'd'}.size() => 4
        {1.5: 1} =! typeMismatch
        {null: 1} =! typeMismatch
        {dyn(1.5): 1} =! unsupportedKey
        {'a': 1, 'a': 2} =! duplicateKey
        {1: 1, 1u: 2} =! duplicateKey
        // a comment
        1 // a comment at the end => 1
        """#

    static let grammar = #"""
        1 + 2 * 3 => 7
        (1 + 2) * 3 => 9
        10 - 4 - 3 => 3
        100 / 10 / 2 => 5
        7 % 4 % 2 => 1
        2 * 3 % 4 => 2
        -2 * 3 => -6
        - 2 + 3 => 1
        --2 => 2
        -(-2) => 2
        1 - -1 => 2
        !true => false
        !!true => true
        !!!true => false
        !(1 == 2) => true
        true || false && false => true
        (true || false) && false => false
        true ? 1 : 2 => 1
        false ? 1 : true ? 2 : 3 => 2
        (true ? false : true) ? 1 : 2 => 2
        1 < 2 == true => true
        1 + 1 == 2 && 2 + 2 == 4 => true
        1 in [1, 2] || false => true
        !(3 in [1, 2]) => true
        [1, 2, 3][1] => 2
        {'a': {'b': 3}}.a.b => 3
        {'a': {'b': 3}}['a']['b'] => 3
        {'a': [1, {'c': 4}]}.a[1].c => 4
        'abc'.size() => 3
        size('abc') => 3
        [1].map(x, x)[0] => 1
        {'content-type': 1}.`content-type` => 1
        {'a.b': 1}.`a.b` => 1
        {'a/b c': 1}.`a/b c` => 1
        {'in': 1}['in'] => 1
        {'for': 1}.for => 1
        {'null_x': 1}.null_x => 1
        1 + =! syntax
        * 2 =! syntax
        (1 =! syntax
        1) =! syntax
        [1 =! syntax
        [,] =! syntax
        {1} =! syntax
        {1:} =! syntax
        a..b =! syntax
        .1.2.3 =! syntax
        1 2 =! syntax
        x y =! syntax
        if =! syntax
        var + 1 =! syntax
        package =! syntax
        f(1,) =! syntax
        a.1 =! syntax
        # =! syntax
        a & b =! syntax
        a = b =! syntax
        true ? 1 =! syntax
        true ? : 1 =! syntax
        `a` =! syntax
        "é" => 'é'
        é =! syntax
        1 ++ 1 =! syntax
        @ =! syntax
        $x =! syntax
        """#

    static let logic = #"""
        true && true => true
        true && false => false
        false && true => false
        false && false => false
        true || false => true
        false || true => true
        false || false => false
        false && 1 / 0 > 0 => false
        1 / 0 > 0 && false => false
        true || 1 / 0 > 0 => true
        1 / 0 > 0 || true => true
        true && 1 / 0 > 0 =! divisionByZero
        false || 1 / 0 > 0 =! divisionByZero
        1 / 0 > 0 && 1 % 0 > 0 =! divisionByZero
        dyn('a') && false => false
        dyn('a') || true => true
        dyn('a') && true =! noSuchOverload
        dyn(1) || false =! noSuchOverload
        !dyn(1) =! noSuchOverload
        !1 =! noMatchingOverload
        1 && true =! typeMismatch
        true ? 1 : 1 / 0 => 1
        false ? 1 / 0 : 2 => 2
        1 / 0 > 0 ? 1 : 2 =! divisionByZero
        dyn(1) ? 1 : 2 =! noSuchOverload
        1 ? 1 : 2 =! noMatchingOverload
        true && true && true && false => false
        false || false || false || true => true
        false || (1 / 0 > 0) || true => true
        true && (1 / 0 > 0) && false => false
        null == null => true
        null == 0 =! noMatchingOverload
        dyn(null) == 0 => false
        dyn(null) == '' => false
        type(1) == int => true
        type(1) == uint => false
        type(1u) => uint
        type(1.0) => double
        type('') => string
        type(b'') => bytes
        type(true) => bool
        type(null) => null_type
        type([]) => list
        type({}) => map
        type(type(1)) => type
        type(int) == type => true
        type(timestamp(0)) == google.protobuf.Timestamp => true
        type(duration('1s')) == google.protobuf.Duration => true
        type(optional.none()) == optional_type => true
        type(decimal('1')) == decimal => true
        type(ip('::1')) == net.IP => true
        type(cidr('::/0')) == net.CIDR => true
        """#

    static let fields = #"""
        has({'a': 1}.a) => true
        has({'a': 1}.b) => false
        has({}.a) => false
        has({'a': null}.a) => true
        has({'a': {'b': 1}}.a.b) => true
        has({'a': {'b': 1}}.a.c) => false
        has({'a': {}}.b.c) =! noSuchKey
        has(dyn(1).a) =! noSuchOverload
        has([1]) =! invalidMacro
        has(1 + 1) =! invalidMacro
        {'a': 1}.b =! noSuchKey
        {'a': 1}['b'] =! noSuchKey
        {1: 'a'}[1] => 'a'
        {1: 'a'}[1u] => 'a'
        {1: 'a'}[1.0] => 'a'
        {1u: 'a'}[1] => 'a'
        {1: 'a'}[1.5] =! noSuchKey
        {true: 1}[true] => 1
        {true: 1}[false] =! noSuchKey
        {'a': 1}[dyn(null)] =! noSuchKey
        {'a': 1}[1] =! typeMismatch
        dyn({'a': 1})[1] =! noSuchKey
        [1, 2][0] => 1
        [1, 2][0u] =! typeMismatch
        [1, 2][dyn(1u)] => 2
        [1, 2][dyn(1.0)] => 2
        [1, 2][dyn(0.5)] =! invalidArgument
        [1, 2][2] =! outOfRange
        [1, 2][-1] =! outOfRange
        [1, 2]['a'] =! typeMismatch
        [1, 2][dyn('a')] =! invalidArgument
        'abc'[0] =! typeMismatch
        dyn('abc')[0] =! noSuchOverload
        dyn(1).a =! noSuchOverload
        1.a =! typeMismatch
        [1].a =! typeMismatch
        'a' in {'a': 1} => true
        'b' in {'a': 1} => false
        1 in {1: 1} => true
        1u in {1: 1} =! noMatchingOverload
        dyn(1u) in {1: 1} => true
        dyn(1.0) in {1: 1} => true
        dyn(1.5) in {1: 1} => false
        1 in [1, 2] => true
        3 in [1, 2] => false
        1 in [] => false
        'a' in ['a'] => true
        dyn(1u) in [1] => true
        [1] in [[1], [2]] => true
        1 in 'abc' =! noMatchingOverload
        dyn(1) in dyn('abc') =! noSuchOverload
        """#
}
