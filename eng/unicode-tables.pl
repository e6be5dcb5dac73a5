# Writes the Unicode data that .NET does not carry with invariant globalisation.
#
# usage: perl eng/unicode-tables.pl > src/Alidade.Models/Tokenizers/Text/unicode.txt   (Perl 5.36 has Unicode 14, as the tokenizers' reference)
#
# Decompositions are those of Unicode 12.0, which is what the reference normalises with (U+32FF, the Reiwa era, stays whole). Han also has the
# extensions H and I of Unicode 15.
#
# Lines, numbers in hexadecimal but for the combining class: `D cp cp...` canonical and `K cp cp...` compatibility decomposition (one step),
# `X cp` canonical decomposition that composition must not undo, `C class first-last` combining class,
# `A first-last` alphabetic characters that are neither letters nor letter numbers, `S name first-last` script,
# `V version first-last` characters assigned up to Unicode 8, or in Unicode 9.
use strict;
use warnings;
use Unicode::UCD qw(charinfo charscripts prop_invlist);
use Unicode::Normalize qw(getCanon getCompat getCombinClass isComp_Ex);

sub show { my ($a, $b) = @_; return $a == $b ? sprintf("%X", $a) : sprintf("%X-%X", $a, $b); }

print "# Unicode ", Unicode::UCD::UnicodeVersion(), ", written by eng/unicode-tables.pl from the Unicode Character Database, (c) Unicode, Inc., Unicode License v3\n";
my %classes;
my $none = qr/\p{L}|\p{Nl}/;
my @alphabetic;
for my $cp (0 .. 0x10FFFF) {
    next if $cp >= 0xD800 && $cp <= 0xDFFF || $cp >= 0xAC00 && $cp <= 0xD7A3;
    my $c = chr $cp;
    if ((defined getCanon($cp) || defined getCompat($cp)) && $c =~ /\p{In=12.0}/) {
        my $d = charinfo($cp)->{decomposition};
        my $kind = $d =~ s/^<\w+> // ? "K" : "D";
        print "$kind ", sprintf("%X", $cp), " ", join(" ", map { sprintf "%X", hex } split / /, $d), "\n";
        print "X ", sprintf("%X", $cp), "\n" if $kind eq "D" && isComp_Ex($cp);
    }
    my $class = getCombinClass($cp);
    push @{$classes{$class}}, $cp if $class;
    push @alphabetic, $cp if $c =~ /\p{Alphabetic}/ && $c !~ $none;
}
sub ranges {
    my @out;
    for (@_) { if (@out && $out[-1][1] == $_ - 1) { $out[-1][1] = $_ } else { push @out, [$_, $_] } }
    return map { show(@$_) } @out;
}
for my $class (sort { $a <=> $b } keys %classes) { print "C $class $_\n" for ranges(@{$classes{$class}}) }
print "A $_\n" for ranges(@alphabetic);
my $scripts = charscripts();
for my $name (sort keys %$scripts) {
    next if $name eq "Unknown" || $name eq "Zzzz";
    push @{$scripts->{$name}}, [0x2EBF0, 0x2EE5D], [0x31350, 0x323AF] if $name eq "Han";
    print "S $name ", show($_->[0], $_->[1]), "\n" for sort { $a->[0] <=> $b->[0] } @{$scripts->{$name}};
}
my %versions;
for my $cp (0 .. 0x10FFFF) {
    next if $cp >= 0xD800 && $cp <= 0xDFFF;
    my $c = chr $cp;
    push @{$versions{$c =~ /\p{In=8.0}/ ? 8 : 9}}, $cp if $c =~ /\p{In=9.0}/;
}
for my $version (sort keys %versions) { print "V $version $_\n" for ranges(@{$versions{$version}}) }
