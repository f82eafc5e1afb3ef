enum NumberCases {
    static let whole = #"""
        1 + 1 => 2
        9223372036854775807 + 1 =! overflow
        -9223372036854775808 - 1 =! overflow
        -9223372036854775808 + 9223372036854775807 => -1
        4611686018427387904 * 2 =! overflow
        -9223372036854775808 * -1 =! overflow
        -9223372036854775808 / -1 =! overflow
        -9223372036854775808 % -1 =! overflow
        -(-9223372036854775808) =! overflow
        7 / 2 => 3
        -7 / 2 => -3
        7 / -2 => -3
        7 % 3 => 1
        -7 % 3 => -1
        7 % -3 => 1
        1 / 0 =! divisionByZero
        1 % 0 =! divisionByZero
        1u + 1u => 2u
        0u - 1u =! overflow
        18446744073709551615u + 1u =! overflow
        9223372036854775808u * 2u =! overflow
        7u / 2u => 3u
        7u % 4u => 3u
        1u / 0u =! divisionByZero
        1u % 0u =! divisionByZero
        -1u =! noMatchingOverload
        1 + 1u =! noMatchingOverload
        1 + 1.0 =! noMatchingOverload
        dyn(1) + 1.0 =! noSuchOverload
        dyn(1) - dyn('a') =! noSuchOverload
        dyn(1) - 'a' =! noMatchingOverload
        dyn(1) * dyn(true) =! noSuchOverload
        dyn(1) / 1u =! noSuchOverload
        dyn(1) % dyn(1.0) =! noSuchOverload
        -dyn('a') =! noSuchOverload
        1.5 + 1.5 => 3.0
        1.5 - 2.0 => -0.5
        1.5 * 2.0 => 3.0
        1.0 / 4.0 => 0.25
        1.0 / 0.0 => double('Infinity')
        -1.0 / 0.0 => double('-Infinity')
        math.isNaN(0.0 / 0.0) => true
        1e308 * 10.0 => double('Infinity')
        -(1.5) => -1.5
        5.0 % 2.0 =! noMatchingOverload
        """#

    static let comparisons = #"""
        1 == 1 => true
        1 != 1 => false
        1 == 2 => false
        1 < 2 => true
        2 <= 2 => true
        3 > 2 => true
        2 >= 3 => false
        1u < 2u => true
        1.5 < 2.5 => true
        1 < 2u => true
        -1 < 0u => true
        0u > -1 => true
        1 < 1.5 => true
        2u > 1.5 => true
        1.5 >= 1 => true
        18446744073709551615u > 9223372036854775807 => true
        dyn(1) == 1u => true
        dyn(1) == 1.0 => true
        dyn(1u) == 1.0 => true
        dyn(1) == 1.5 => false
        dyn(1) == '1' => false
        dyn(1) == true => false
        dyn(-1) == 18446744073709551615u => false
        1 == 1u =! noMatchingOverload
        'a' < 'b' => true
        'a' < 'a' => false
        'a' <= 'a' => true
        'B' < 'a' => true
        'a' < 'aa' => true
        '' < 'a' => true
        'é' == 'e\u0301' => false
        'z' < 'é' => true
        '\uffff' < '😀' => true
        b'a' < b'b' => true
        b'a' < b'aa' => true
        b'\xff' > b'a' => true
        b'a' == b'a' => true
        false < true => true
        true < false => false
        true >= true => true
        [1, 2] == [1, 2] => true
        [1, 2] == [2, 1] => false
        [1] == [1, 1] => false
        [1, 2u] == [dyn(1u), dyn(2)] => true
        [] == [] => true
        [[1]] == [[1]] => true
        {'a': 1} == {'a': 1} => true
        {'a': 1, 'b': 2} == {'b': 2, 'a': 1} => true
        {'a': 1} == {'a': 2} => false
        {'a': 1} == {'b': 1} => false
        {'a': 1} == {} => false
        dyn({1: 'x'}) == {1u: 'x'} => true
        [double('NaN')] == [double('NaN')] => false
        double('NaN') == double('NaN') => false
        double('NaN') != double('NaN') => true
        double('NaN') < 1.0 => false
        double('NaN') >= 1.0 => false
        0.0 == -0.0 => true
        1 < 'a' =! noMatchingOverload
        dyn(1) < 'a' =! noSuchOverload
        dyn([1]) < dyn([2]) =! noSuchOverload
        [1] < [2] =! noMatchingOverload
        null < null =! noSuchOverload
        dyn(null) < null =! noSuchOverload
        timestamp(1) < timestamp(2) => true
        timestamp(2) <= timestamp(2) => true
        timestamp(1) == timestamp(1) => true
        duration('1s') < duration('2s') => true
        duration('60s') == duration('1m') => true
        duration('1s') > duration('-1s') => true
        """#

    static let conversions = #"""
        int(1) => 1
        int(1u) => 1
        int(18446744073709551615u) =! overflow
        int(1.9) => 1
        int(-1.9) => -1
        int(9223372036854775807.0) =! overflow
        int(-9223372036854775808.0) =! overflow
        int(double('NaN')) =! overflow
        int(double('Infinity')) =! overflow
        int('42') => 42
        int('-42') => -42
        int('4.2') =! conversion
        int('') =! conversion
        int('0x10') =! conversion
        int('9223372036854775808') =! conversion
        int(timestamp('1970-01-01T00:01:00Z')) => 60
        int(true) =! noMatchingOverload
        int(dyn(true)) =! noSuchOverload
        uint(1) => 1u
        uint(1u) => 1u
        uint(-1) =! overflow
        uint(1.9) => 1u
        uint(-1.0) =! overflow
        uint(18446744073709551615.0) =! overflow
        uint('42') => 42u
        uint('-1') =! conversion
        uint(dyn([])) =! noSuchOverload
        double(1) => 1.0
        double(1u) => 1.0
        double(1.5) => 1.5
        double('1.5') => 1.5
        double('-1e3') => -1000.0
        double('abc') =! conversion
        double('Infinity') == 1.0 / 0.0 => true
        double(decimal('1.25')) => 1.25
        double(dyn(null)) =! noSuchOverload
        string(1) => '1'
        string(-1) => '-1'
        string(1u) => '1'
        string(1.0) => '1'
        string(1.5) => '1.5'
        string(0.1) => '0.1'
        string(1e20) => '100000000000000000000'
        string(1e21) => '1e+21'
        string(1.5e-7) => '1.5e-07'
        string(0.0001) => '0.0001'
        string(-0.0) => '-0'
        string(123456.789) => '123456.789'
        string(double('NaN')) => 'NaN'
        string(true) => 'true'
        (true ? null : money('1', 'EUR')) == null => true
        string('a') => 'a'
        string(b'abc') => 'abc'
        string(b'\xff') =! conversion
        string(timestamp(0)) => '1970-01-01T00:00:00Z'
        string(duration('90m')) => '5400s'
        string(duration('1.5s')) => '1.5s'
        string(duration('-1ms')) => '-0.001s'
        string(decimal('1.50')) => '1.50'
        string(ip('::1')) => '::1'
        string(dyn([])) =! noSuchOverload
        string(dyn(null)) =! noSuchOverload
        bytes('é') => b'\xc3\xa9'
        bytes(b'a') => b'a'
        bytes(dyn(1)) =! noSuchOverload
        bool('true') => true
        bool('T') => true
        bool('1') => true
        bool('false') => false
        bool('0') => false
        bool('yes') =! conversion
        bool(true) => true
        bool(dyn(1)) =! noSuchOverload
        dyn(1) => 1
        size('') => 0
        size('é') => 1
        size('e\u0301') => 2
        size('😀') => 1
        size('👨\u200d👩') => 3
        '\r\n'.size() => 2
        size(b'é') => 2
        size([]) => 0
        size([1, 2]) => 2
        size({'a': 1}) => 1
        [1, 2].size() => 2
        b'ab'.size() => 2
        {}.size() => 0
        size(1) =! noMatchingOverload
        size(dyn(1)) =! noSuchOverload
        """#

    static let mathematics = #"""
        math.greatest(1) => 1
        math.greatest(1, 2) => 2
        math.greatest(3, 2, 1) => 3
        math.greatest(1, 2.5) => 2.5
        math.greatest(1u, 2u, 3u) => 3u
        math.greatest([1, 3, 2]) => 3
        math.greatest([]) =! noSuchOverload
        math.greatest(dyn('a'), 1) =! noSuchOverload
        math.greatest(1, 2, 'a') =! noMatchingOverload
        math.least(1, 2) => 1
        math.least(1.5, 1) => 1
        math.least([2, 1, 3]) => 1
        math.least(1u, 2u) => 1u
        math.ceil(1.2) => 2.0
        math.ceil(-1.2) => -1.0
        math.floor(1.8) => 1.0
        math.floor(-1.2) => -2.0
        math.round(1.5) => 2.0
        math.round(2.5) => 3.0
        math.round(-1.5) => -2.0
        math.trunc(1.9) => 1.0
        math.trunc(-1.9) => -1.0
        math.ceil(dyn(1)) =! noSuchOverload
        math.abs(-1) => 1
        math.abs(1u) => 1u
        math.abs(-1.5) => 1.5
        math.abs(-9223372036854775808) =! overflow
        math.sign(-5) => -1
        math.sign(0) => 0
        math.sign(5u) => 1u
        math.sign(-0.5) => -1.0
        math.sqrt(9.0) => 3.0
        math.sqrt(16) => 4.0
        math.sqrt(25u) => 5.0
        math.isNaN(math.sqrt(-1.0)) => true
        math.isNaN(1.0) => false
        math.isInf(1.0 / 0.0) => true
        math.isInf(1.0) => false
        math.isFinite(1.0) => true
        math.isFinite(0.0 / 0.0) => false
        math.bitAnd(6, 3) => 2
        math.bitAnd(6u, 3u) => 2u
        math.bitOr(6, 3) => 7
        math.bitOr(6u, 1u) => 7u
        math.bitXor(6, 3) => 5
        math.bitXor(6u, 3u) => 5u
        math.bitNot(0) => -1
        math.bitNot(0u) => 18446744073709551615u
        math.bitShiftLeft(1, 3) => 8
        math.bitShiftLeft(1u, 3) => 8u
        math.bitShiftLeft(1, 64) => 0
        math.bitShiftLeft(1, -1) =! invalidArgument
        math.bitShiftRight(8, 3) => 1
        math.bitShiftRight(8u, 3) => 1u
        math.bitShiftRight(-1, 63) => 1
        math.bitShiftRight(1, 100) => 0
        math.bitShiftRight(1u, -1) =! invalidArgument
        math.bitAnd(1, dyn(1u)) =! noSuchOverload
        """#

    static let decimals = #"""
        decimal('1.10') + decimal('2.205') == decimal('3.305') => true
        string(decimal('0.1') + decimal('0.2')) => '0.3'
        string(decimal('1.10') + decimal('1.1')) => '2.20'
        string(decimal('5') - decimal('7.25')) => '-2.25'
        string(decimal('1.5') * decimal('1.5')) => '2.25'
        string(-decimal('1.5')) => '-1.5'
        decimal('1.0') == decimal('1.00') => true
        decimal('1.1') > decimal('1.09') => true
        decimal('1.5') > 1 => true
        2u >= decimal('1.5') => true
        dyn(decimal('1.0')) == 1 => true
        dyn(1) == decimal('1.5') => false
        string(decimal('1.5') * 2) => '3.0'
        string(2 * decimal('1.5')) => '3.0'
        decimal('-1') < decimal('0') => true
        decimal('1234567890.1') < decimal('1234567890.2000000000000000001') => true
        decimal('9.9999999999999999999999999999999999998') > decimal('9.9999999999999999999999999999999999997') => true
        decimal('99999999999999999999999999999999999999') + decimal('1') =! overflow
        decimal('99999999999999999999999999999999999998') + decimal('1') > decimal('0.5') => true
        '%f'.format([decimal('123456789012345678901234567890123456')]) => '123456789012345678901234567890123456.000000'
        '%.2f'.format([decimal('-0.005')]) => '0.00'
        uint('-0') =! conversion
        uint('+1') =! conversion
        double('1e400') =! conversion
        double('Infinity') == 1.0 / 0.0 => true
        [3.0, 0.0 / 0.0, 1.0].sort().map(x, string(x)) => ['NaN', '1', '3']
        decimal('1') == 1 => true
        string(decimal('2').divide(decimal('3'), 38, 'halfUp')) => '0.66666666666666666666666666666666666667'
        string(decimal('5').divide(decimal('8'), 38, 'halfUp')) => '0.62500000000000000000000000000000000000'
        string(decimal('0.00000000000000000000000000000000000001').divide(decimal('2'), 0, 'halfUp')) => '0'
        string(decimal('99999999999999999999999999999999999999').divide(decimal('99999999999999999999999999999999999998'), 36, 'down')) => '1.000000000000000000000000000000000000'
        string(decimal('-7').divide(decimal('2'), 0, 'halfEven')) => '-4'
        string(decimal('-5').divide(decimal('2'), 0, 'halfEven')) => '-2'
        string(decimal('2.5000000000000000000000000000000000001').divide(decimal('1'), 0, 'halfEven')) => '3'
        string(decimal('0.0049').divide(decimal('1'), 2, 'halfUp')) => '0.00'
        decimal('99999999999999999999999999999999999999').divide(decimal('0.1'), 0, 'up') =! overflow
        decimal('99999999999999999999999999999999999999') * -1 < decimal('0.00000000000000000000000000000000000001') => true
        decimal('100000000000000000000000000000000000000') =! conversion
        decimal(3) == decimal('3') => true
        decimal(3u) == decimal('3.0') => true
        string(decimal('10').divide(decimal('3'), 2, 'halfEven')) => '3.33'
        string(decimal('10').divide(decimal('4'), 0, 'halfEven')) => '2'
        string(decimal('10').divide(decimal('4'), 0, 'halfUp')) => '3'
        string(decimal('10').divide(decimal('4'), 0, 'halfDown')) => '2'
        string(decimal('1').divide(decimal('3'), 30, 'down')) => '0.333333333333333333333333333333'
        decimal('1').divide(decimal('0'), 2, 'up') =! divisionByZero
        decimal('1').divide(decimal('3'), 2, 'sideways') =! invalidArgument
        decimal('1').divide(decimal('3'), 39, 'up') =! outOfRange
        string(decimal('2.345').round(2, 'halfEven')) => '2.34'
        string(decimal('2.355').round(2, 'halfEven')) => '2.36'
        string(decimal('2.345').round(2, 'halfUp')) => '2.35'
        string(decimal('2.345').round(2, 'halfDown')) => '2.34'
        string(decimal('2.341').round(2, 'up')) => '2.35'
        string(decimal('2.349').round(2, 'down')) => '2.34'
        string(decimal('-2.341').round(2, 'ceiling')) => '-2.34'
        string(decimal('-2.341').round(2, 'floor')) => '-2.35'
        string(decimal('2').round(2, 'up')) => '2.00'
        decimal('1.250').scale() => 3
        decimal('abc') =! conversion
        decimal('1e5') =! conversion
        decimal('1.') =! conversion
        decimal('99999999999999999999999999999999999999') * decimal('99') =! overflow
        decimal('1') + 1 =! noMatchingOverload
        decimal('1') / decimal('3') =! noMatchingOverload
        decimal(1.5) =! noMatchingOverload
        money('12.50', 'EUR').amount == decimal('12.50') => true
        money('12.50', 'EUR').minorUnits => 1250
        money('12.50', 'EUR').currency => 'EUR'
        money('12.50', 'EUR') + money('0.50', 'EUR') == money('13', 'EUR') => true
        (money('12.50', 'EUR') - money('13', 'EUR')).minorUnits => -50
        (money('1.25', 'EUR') * 3).minorUnits => 375
        (money('1.25', 'EUR') * quantity(4)).minorUnits => 500
        (-money('1', 'USD')).minorUnits => -100
        money('1', 'EUR') < money('2', 'EUR') => true
        money('1', 'EUR') == money('1', 'USD') => false
        money('1', 'EUR') < money('1', 'USD') =! invalidArgument
        money('1', 'EUR') + money('1', 'USD') =! invalidArgument
        money('1.234', 'EUR') =! conversion
        money('1', 'ZZZ') =! invalidArgument
        money('500', 'JPY').minorUnits => 500
        money(decimal('1.5'), 'EUR').minorUnits => 150
        Money{minorUnits: 5, currency: 'EUR'} == money('0.05', 'EUR') => true
        Money{minorUnits: 5} =! invalidArgument
        Money{units: 5, currency: 'EUR'} =! unknownField
        string(money('1.5', 'EUR')) => '1.50 EUR'
        quantity(3).units => 3
        quantity(3) + quantity(4) == quantity(7) => true
        quantity(3) - quantity(4) =! outOfRange
        quantity(3) < quantity(4) => true
        quantity(-1) =! outOfRange
        Quantity{units: 2} == quantity(2) => true
        Nothing{a: 1} =! undeclaredName
        """#
}
