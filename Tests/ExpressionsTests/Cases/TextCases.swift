enum TextCases {
    static let strings = #"""
        'a' + 'b' => 'ab'
        b'a' + b'b' => b'ab'
        'abc'.contains('b') => true
        'abc'.contains('') => true
        'abc'.contains('d') => false
        ''.contains('a') => false
        'abc'.contains(dyn(1)) =! noSuchOverload
        'abc'.startsWith('ab') => true
        'abc'.startsWith('b') => false
        'abc'.startsWith('') => true
        'é'.startsWith('e') => false
        'e\u0301'.startsWith('e') => true
        'abc'.endsWith('bc') => true
        'abc'.endsWith('b') => false
        'a'.endsWith('ba') => false
        'abc'.matches('b') => true
        'abc'.matches('^b$') => false
        matches('abc', '[a-c]+') => true
        'abc'.matches('(?i)ABC') => true
        'é'.matches('^.$') => true
        'abc'.matches('[') =! invalidLiteral
        'abc'.matches('(?=a)') =! invalidLiteral
        'abc'.matches('[' + '') =! invalidArgument
        'abc'.matches(dyn(1)) =! noSuchOverload
        'abc'.charAt(0) => 'a'
        'aéc'.charAt(1) => 'é'
        'abc'.charAt(3) => ''
        'abc'.charAt(4) =! outOfRange
        'abc'.charAt(-1) =! outOfRange
        'banana'.indexOf('an') => 1
        'banana'.indexOf('an', 2) => 3
        'banana'.indexOf('x') => -1
        'banana'.indexOf('') => 0
        'banana'.indexOf('an', 9) =! outOfRange
        'banana'.indexOf('an', -1) =! outOfRange
        'éa'.indexOf('a') => 1
        'banana'.lastIndexOf('an') => 3
        'banana'.lastIndexOf('an', 2) => 1
        'banana'.lastIndexOf('x') => -1
        'banana'.lastIndexOf('') => 6
        'banana'.lastIndexOf('an', 9) =! outOfRange
        ['a', 'b'].join() => 'ab'
        ['a', 'b'].join(', ') => 'a, b'
        [].join(',') => ''
        ['a'].join(',') => 'a'
        [dyn(1)].join(',') =! noSuchOverload
        'AbÇ'.lowerAscii() => 'abÇ'
        'abç'.upperAscii() => 'ABç'
        'banana'.replace('an', 'x') => 'bxxa'
        'banana'.replace('an', 'x', 1) => 'bxana'
        'banana'.replace('an', 'x', 0) => 'banana'
        'banana'.replace('an', 'x', -1) => 'bxxa'
        'ab'.replace('', '_') => '_a_b_'
        ''.replace('', 'x') => 'x'
        'ab'.replace('', '') => 'ab'
        'ab'.replace('a', '') => 'b'
        'a b c'.split(' ') => ['a', 'b', 'c']
        'a b c'.split(' ', 2) => ['a', 'b c']
        'a b c'.split(' ', 1) => ['a b c']
        'a b c'.split(' ', 0) => []
        'a b c'.split(' ', -1) => ['a', 'b', 'c']
        'aé'.split('') => ['a', 'é']
        'abc'.split('', 2) => ['a', 'bc']
        ''.split(',') => ['']
        'abc'.substring(1) => 'bc'
        'abc'.substring(1, 2) => 'b'
        'abc'.substring(3) => ''
        'aéc'.substring(1, 2) => 'é'
        'abc'.substring(4) =! outOfRange
        'abc'.substring(2, 1) =! outOfRange
        'abc'.substring(-1) =! outOfRange
        '  a\t\n'.trim() => 'a'
        '\u00a0a\u3000'.trim() => 'a'
        '   '.trim() => ''
        'abc'.reverse() => 'cba'
        'aé'.reverse() => 'éa'
        strings.quote('a"b\n') => '"a\\"b\\n"'
        strings.quote('\\') => '"\\\\"'
        """#

    static let formats = #"""
        '%s'.format(['a']) => 'a'
        '%s %s'.format([1, true]) => '1 true'
        '%%'.format([]) => '%'
        '%d'.format([42]) => '42'
        '%d'.format([42u]) => '42'
        '%d'.format(['a']) =! invalidArgument
        '%f'.format([1.5]) => '1.500000'
        '%.2f'.format([1.005]) => '1.00'
        '%.1f'.format([2]) => '2.0'
        '%.0f'.format([0.5]) => '0'
        '%e'.format([1234.5]) => '1.234500e+03'
        '%.1e'.format([0.00012]) => '1.2e-04'
        '%b'.format([5]) => '101'
        '%b'.format([-5]) => '-101'
        '%b'.format([true]) => '1'
        '%o'.format([8]) => '10'
        '%x'.format([255]) => 'ff'
        '%X'.format([255u]) => 'FF'
        '%x'.format(['hi']) => '6869'
        '%x'.format([b'\xff']) => 'ff'
        '%s'.format([[1, 'a', null]]) => '[1, a, null]'
        '%s'.format([{'b': 1, 'a': 2}]) => '{a: 2, b: 1}'
        '%s'.format([timestamp(0)]) => '1970-01-01T00:00:00Z'
        '%s'.format([duration('90s')]) => '90s'
        '%s'.format([type(1)]) => 'int'
        '%s'.format([1.5]) => '1.5'
        '%s'.format([decimal('1.50')]) => '1.50'
        '%.1f'.format([decimal('1.25')]) => '1.2'
        '%s'.format([]) =! outOfRange
        '%'.format([1]) =! invalidArgument
        '%q'.format([1]) =! invalidArgument
        '%.9999f'.format([1.0]) =! invalidArgument
        '%f'.format([null]) =! invalidArgument
        """#

    static let encodings = #"""
        base64.encode(b'hello') => 'aGVsbG8='
        base64.encode(b'') => ''
        base64.decode('aGVsbG8=') => b'hello'
        base64.decode('aGVsbG8') => b'hello'
        base64.decode('!') =! conversion
        base64.encode(dyn('a')) =! noSuchOverload
        regex.extract('order 42', '[0-9]+') == optional.of('42') => true
        regex.extract('order 42', 'order ([0-9]+)').value() => '42'
        regex.extract('order', '[0-9]+').hasValue() => false
        regex.extract('a', '(a)(b)?') =! invalidArgument
        regex.extractAll('1 22 333', '[0-9]+') => ['1', '22', '333']
        regex.extractAll('a1b2', '[a-z]([0-9])') => ['1', '2']
        regex.extractAll('abc', '[0-9]') => []
        regex.replace('abc', 'b*', 'x') => 'xaxcx'
        regex.extractAll('abc', 'b*') => ['', 'b', '']
        regex.extractAll('bab', 'b*') => ['b', 'b']
        regex.replace('abc', 'x*', '-', 2) => '-a-bc'
        '\x-0' =! invalidLiteral
        '\u+123' =! invalidLiteral
        regex.replace('a1b22', '[0-9]+', '#') => 'a#b#'
        regex.replace('a1b22', '[0-9]+', '#', 1) => 'a#b22'
        regex.replace('a1b22', '[0-9]+', '#', 0) => 'a1b22'
        regex.replace('Ann Lee', '(\\w+) (\\w+)', '\\2, \\1') => 'Lee, Ann'
        regex.replace('a', 'a', '\\\\') => '\\'
        regex.replace('a', 'a', '\\9') =! invalidArgument
        regex.replace('abc', 'x*', '-') => '-a-b-c-'
        ip('1.2.3.4') == ip('1.2.3.4') => true
        ip('1.2.3.4').family() => 4
        ip('2001:db8::1').family() => 6
        string(ip('2001:DB8::0:1')) => '2001:db8::1'
        ip('1.2.3') =! conversion
        ip('01.2.3.4') =! conversion
        ip('fe80::1%eth0') =! conversion
        ip('::ffff:1.2.3.4') =! conversion
        isIP('1.2.3.4') => true
        isIP('x') => false
        isIP('10.0.0.1\x00evil') => false
        cidr('10.0.0.0\x00x/8') =! conversion
        ip.isCanonical('::102:304') => true
        string(ip('1:0:0:2:0:0:0:3')) => '1:0:0:2::3'
        string(ip('0:0:1:0:0:1:0:0')) => '::1:0:0:1:0:0'
        string(ip('1:2:3:4:5:6:7:0')) => '1:2:3:4:5:6:7:0'
        string(ip('::')) => '::'
        ip.isCanonical('2001:db8::1') => true
        ip.isCanonical('2001:DB8::1') => false
        ip('127.0.0.1').isLoopback() => true
        ip('::1').isLoopback() => true
        ip('0.0.0.0').isUnspecified() => true
        ip('::').isUnspecified() => true
        ip('8.8.8.8').isGlobalUnicast() => true
        ip('255.255.255.255').isGlobalUnicast() => false
        ip('224.0.0.5').isLinkLocalMulticast() => true
        ip('ff02::1').isLinkLocalMulticast() => true
        ip('169.254.1.1').isLinkLocalUnicast() => true
        ip('fe80::1').isLinkLocalUnicast() => true
        cidr('10.0.0.0/8').containsIP('10.1.2.3') => true
        cidr('10.0.0.0/8').containsIP(ip('11.1.2.3')) => false
        cidr('10.0.0.0/8').containsCIDR('10.1.0.0/16') => true
        cidr('10.0.0.0/8').containsCIDR(cidr('0.0.0.0/0')) => false
        cidr('10.1.2.3/8').masked() == cidr('10.0.0.0/8') => true
        cidr('10.1.2.3/8').ip() == ip('10.1.2.3') => true
        cidr('10.0.0.0/8').prefixLength() => 8
        string(cidr('2001:db8::/32')) => '2001:db8::/32'
        cidr('10.0.0.0/33') =! conversion
        cidr('10.0.0.0/08') =! conversion
        cidr('10.0.0.0') =! conversion
        isCIDR('10.0.0.0/8') => true
        isCIDR('10.0.0.0') => false
        """#

    static let times = #"""
        timestamp('2026-11-28T08:30:15Z').getFullYear() => 2026
        timestamp('2026-11-28T08:30:15Z').getMonth() => 10
        timestamp('2026-11-28T08:30:15Z').getDate() => 28
        timestamp('2026-11-28T08:30:15Z').getDayOfMonth() => 27
        timestamp('2026-11-28T08:30:15Z').getDayOfWeek() => 6
        timestamp('2026-11-28T08:30:15Z').getDayOfYear() => 331
        timestamp('2026-11-28T08:30:15Z').getHours() => 8
        timestamp('2026-11-28T08:30:15Z').getMinutes() => 30
        timestamp('2026-11-28T08:30:15Z').getSeconds() => 15
        timestamp('2026-11-28T08:30:15.678Z').getMilliseconds() => 678
        timestamp('2026-11-28T08:30:15Z').getHours('America/New_York') => 3
        timestamp('2026-07-01T08:00:00Z').getHours('America/New_York') => 4
        timestamp('2026-11-28T08:30:15Z').getHours('+05:30') => 14
        timestamp('2026-11-28T01:00:00Z').getDate('-02:00') => 27
        timestamp('2026-11-28T08:30:15Z').getMinutes('05:45') => 15
        timestamp('2026-01-01T00:00:00Z').getFullYear('-01:00') => 2025
        timestamp('2026-11-28T08:30:15Z').getHours('Mars/Olympus') =! invalidArgument
        timestamp('2024-02-29T00:00:00Z').getDayOfYear() => 59
        timestamp('1969-12-31T23:59:59Z').getSeconds() => 59
        int(timestamp('1969-12-31T23:59:59Z')) => -1
        timestamp('2026-11-28T08:30:15+01:00') == timestamp('2026-11-28T07:30:15Z') => true
        timestamp('2026-11-28t08:30:15z') == timestamp('2026-11-28T08:30:15Z') => true
        string(timestamp('2026-11-28T08:30:15.120Z')) => '2026-11-28T08:30:15.12Z'
        string(timestamp('0001-01-01T00:00:00Z')) => '0001-01-01T00:00:00Z'
        timestamp(timestamp(5)) == timestamp(5) => true
        timestamp('2026-02-29T00:00:00Z') =! conversion
        timestamp('2026-13-01T00:00:00Z') =! conversion
        timestamp('2026-11-28') =! conversion
        timestamp('2026-11-28T24:00:00Z') =! conversion
        timestamp('2026-11-28T08:30:15') =! conversion
        timestamp('0000-01-01T00:00:00Z') =! conversion
        timestamp(253402300799) + duration('1s') =! outOfRange
        timestamp(-62135596800) - duration('1ns') =! outOfRange
        timestamp(253402300800) =! outOfRange
        timestamp(0) + duration('1h') == timestamp(3600) => true
        duration('1h') + timestamp(0) == timestamp(3600) => true
        timestamp(3600) - duration('1h') == timestamp(0) => true
        timestamp(90) - timestamp(30) == duration('60s') => true
        duration('1h') + duration('30m') == duration('90m') => true
        duration('1h') - duration('90m') == duration('-30m') => true
        -duration('1s') == duration('-1s') => true
        timestamp(0) + timestamp(0) =! noMatchingOverload
        timestamp('9999-12-31T00:00:00Z') - timestamp('0001-01-01T00:00:00Z') =! outOfRange
        duration('1h30m') == duration('5400s') => true
        duration('1.5h') == duration('90m') => true
        duration('-1m30s') == duration('-90s') => true
        duration('100ms') == duration('0.1s') => true
        duration('1us') == duration('1000ns') => true
        duration('0') == duration('0s') => true
        duration('.5s') == duration('500ms') => true
        duration(90) == duration('90s') => true
        duration(duration('1s')) == duration('1s') => true
        duration('1') =! conversion
        duration('') =! conversion
        duration('1x') =! conversion
        duration('h') =! conversion
        duration('9999999h') =! conversion
        duration('9223372036.9s') =! conversion
        duration('9223372036.854775807s').getSeconds() => 9223372036
        duration('-9223372036.854775808s').getSeconds() => -9223372036
        -duration('-9223372036.854775808s') =! overflow
        timestamp('2020\r01\r01T00\x1a00\x1a00Z') =! conversion
        duration('9000000000s') + duration('9000000000s') =! overflow
        duration('3730s').getHours() => 1
        duration('3730s').getMinutes() => 62
        duration('3730.5s').getSeconds() => 3730
        duration('3730.5s').getMilliseconds() => 500
        duration('1s').getDate() =! noMatchingOverload
        """#
}
