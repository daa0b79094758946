"""Names that are legal in a spec but cause errors in Brian2, as measured.

`RESERVED` gives the reason for each name. `reason` also knows the patterns: `_pre`, `_post`, `xi_`
and underscores at either end. The worst raise no error: `dE/dt = -E/tau` starts at 2.718, because
sympy reads `E` as Euler's number, and `S.target = ...` replaces the object's target instead of
setting the variable.

Measured with Brian2 2.9.0, 2.10.1 and 2.11.0 (sympy 1.14, gcc 12); `tests/run/test_reserved.py`
repeats the measurement.
"""

from __future__ import annotations

import re
from keyword import kwlist

MOST_LETTERS = 64
"""File names combine up to three names, and may have up to 255 characters."""

_UNIT_PREFIXES = ("", *"YZEPTGMkmunpfazy")
_UNITS = """
amp ampere becquerel candle coulomb farad gram gramme gray henry hertz joule katal lumen lux meter
metre mol molar mole newton ohm pascal radian second siemens sievert steradian tesla volt watt
weber
"""
_MORE_UNITS = """
Eliter Elitre Gliter Glitre Hz MHz Mliter Mlitre Pliter Plitre Tliter Tlitre Yliter Ylitre Zliter
Zlitre aliter alitre cliter clitre cm cm2 cm3 daliter dalitre dliter dlitre fliter flitre hliter
hlitre kHz kelvin kelvin2 kelvin3 kilogram kilogram2 kilogram3 kilogramme kilogramme2 kilogramme3
kliter klitre liter litre mA mM mV mliter mlitre mm mm2 mm3 ms nA nF nM nS nliter nlitre pA pF
pliter plitre uA uF uM uS uliter ulitre um um2 um3 us yliter ylitre zliter zlitre
"""

# Refused in equations: Brian2's functions, constants and special variables.
_BRIAN2 = """
abs arccos arcsin arctan ceil clip cos cosh exp expm1 exprel floor int log log10 log1p poisson rand
randn sign sin sinh sqrt tan tanh timestep e inf pi N i t dt t_in_timesteps xi
"""

# Variables that Brian2 makes itself.
_SYNAPSES = "delay j lastupdate N_incoming N_outgoing synapse_number"
_REFRACTORY = "refractory not_refractory lastspike"

# Attributes that `group.name = value` would overwrite, or that could not be read back. 2.11 added
# run_at and run_on_clock.
_ATTRIBUTES = """
active add_attribute add_dependency add_to_magic_network after_run assign_id before_run
check_variable_write clock code_objects codeobj_class connect contained_objects custom_operation
default_event delay equations event_codes event_driven events get_states id indices
invalidates_magic_network method_choice multisynaptic_index name namespace order post pre
register_variable resetter resolve_all run run_at run_on_clock run_on_event run_regularly runner
set_event_schedule set_states source spikes start state state_updater stop subexpression_updater
summed_updaters target thresholder unregister_variable updaters user_equations variables
verify_dependencies when
"""

# The generated C++ declares a local with the variable's own name; the preprocessor replaces it
# first.
_CPP = """
alignas alignof and and_eq asm auto bitand bitor bool break case catch char char16_t char32_t class
compl const const_cast constexpr continue decltype default delete do double dynamic_cast else enum
explicit export extern false float for friend goto if inline int long mutable namespace new
noexcept not not_eq nullptr operator or or_eq private protected public register reinterpret_cast
return short signed sizeof static static_assert static_cast struct switch template this
thread_local throw true try typedef typeid typename union unsigned using virtual void volatile
wchar_t while xor xor_eq
"""
# Macros of C, POSIX and the compilers, because the preprocessor ignores scopes. Most belong to
# families, which `is_macro` knows; these are the rest.
_CPP_MACROS = """
ACCESSPERMS AIO_PRIO_DELTA_MAX ALLPERMS BC_BASE_MAX BC_DIM_MAX BC_SCALE_MAX BC_STRING_MAX BIG_ENDIAN
BOOL_MAX BOOL_WIDTH BUFSIZ BYTE_ORDER CHARCLASS_NAME_MAX CHAR_BIT CHAR_MAX CHAR_MIN CHAR_WIDTH
CLOCKS_PER_SEC COLL_WEIGHTS_MAX CSIGNAL DECIMAL_DIG DEFFILEMODE DELAYTIMER_MAX DOMAIN E2BIG EACCES
EADDRINUSE EADDRNOTAVAIL EADV EAFNOSUPPORT EAGAIN EALREADY EAUTH EBADE EBADF EBADFD EBADMSG EBADR
EBADRPC EBADRQC EBADSLT EBFONT EBUSY ECANCELED ECHILD ECHRNG ECOMM ECONNABORTED ECONNREFUSED
ECONNRESET EDEADLK EDEADLOCK EDESTADDRREQ EDEVERR EDOM EDOTDOT EDQUOT EEXIST EFAULT EFBIG EFTYPE
EHOSTDOWN EHOSTUNREACH EHWPOISON EIDRM EILSEQ EINPROGRESS EINTR EINVAL EIO EISCONN EISDIR EISNAM
EKEYEXPIRED EKEYREJECTED EKEYREVOKED EL2HLT EL2NSYNC EL3HLT EL3RST ELAST ELIBACC ELIBBAD ELIBEXEC
ELIBMAX ELIBSCN ELNRNG ELOOP EMEDIUMTYPE EMFILE EMLINK EMSGSIZE EMULTIHOP ENAMETOOLONG ENAVAIL
ENEEDAUTH ENETDOWN ENETRESET ENETUNREACH ENFILE ENOANO ENOATTR ENOBUFS ENOCSI ENODATA ENODEV ENOENT
ENOEXEC ENOKEY ENOLCK ENOLINK ENOMEDIUM ENOMEM ENOMSG ENONET ENOPKG ENOPOLICY ENOPROTOOPT ENOSPC
ENOSR ENOSTR ENOSYS ENOTBLK ENOTCONN ENOTDIR ENOTEMPTY ENOTNAM ENOTRECOVERABLE ENOTSOCK ENOTSUP
ENOTTY ENOTUNIQ ENXIO EOF EOPNOTSUPP EOTHER EOVERFLOW EOWNERDEAD EPERM EPFNOSUPPORT EPIPE EPROCLIM
EPROCUNAVAIL EPROGMISMATCH EPROGUNAVAIL EPROTO EPROTONOSUPPORT EPROTOTYPE EPWROFF EQFULL ERANGE
EREMCHG EREMOTE EREMOTEIO ERESTART ERFKILL EROFS ERPCMISMATCH ESHLIBVERS ESHUTDOWN ESOCKTNOSUPPORT
ESPIPE ESRCH ESRMNT ESTALE ESTRPIPE ETIME ETIMEDOUT ETOOMANYREFS ETXTBSY EUCLEAN EUNATCH EUSERS
EWOULDBLOCK EXDEV EXFULL EXIT_FAILURE EXIT_SUCCESS EXPR_NEST_MAX FD_SETSIZE FILENAME_MAX FOPEN_MAX
FP_ILOGB0 FP_ILOGBNAN FP_INFINITE FP_INT_DOWNWARD FP_INT_TONEAREST FP_INT_TONEARESTFROMZERO
FP_INT_TOWARDZERO FP_INT_UPWARD FP_LLOGB0 FP_LLOGBNAN FP_NAN FP_NORMAL FP_SUBNORMAL FP_XSTATE_MAGIC1
FP_XSTATE_MAGIC2 FP_XSTATE_MAGIC2_SIZE FP_ZERO F_LOCK F_OK F_TEST F_TLOCK F_ULOCK HOST_NAME_MAX
HUGE_VAL HUGE_VALF HUGE_VALL INFINITY IOV_MAX LC_ADDRESS LC_ADDRESS_MASK LC_ALL LC_ALL_MASK
LC_COLLATE LC_COLLATE_MASK LC_CTYPE LC_CTYPE_MASK LC_GLOBAL_LOCALE LC_IDENTIFICATION
LC_IDENTIFICATION_MASK LC_MEASUREMENT LC_MEASUREMENT_MASK LC_MESSAGES LC_MESSAGES_MASK LC_MONETARY
LC_MONETARY_MASK LC_NAME LC_NAME_MASK LC_NUMERIC LC_NUMERIC_MASK LC_PAPER LC_PAPER_MASK LC_TELEPHONE
LC_TELEPHONE_MASK LC_TIME LC_TIME_MASK LINE_MAX LITTLE_ENDIAN LLONG_MAX LLONG_MIN LLONG_WIDTH
LOGIN_NAME_MAX LONG_BIT LONG_LONG_MAX LONG_LONG_MIN LONG_MAX LONG_MIN LONG_WIDTH L_INCR L_SET L_XTND
L_ctermid L_cuserid L_tmpnam MATH_ERREXCEPT MATH_ERRNO MAXFLOAT MAX_CANON MAX_INPUT MB_CUR_MAX
MB_LEN_MAX MINSIGSTKSZ MOD_CLKA MOD_CLKB MOD_ESTERROR MOD_FREQUENCY MOD_MAXERROR MOD_MICRO MOD_NANO
MOD_OFFSET MOD_STATUS MOD_TAI MOD_TIMECONST MQ_PRIO_MAX NAME_MAX NAN NFDBITS NGREG NGROUPS_MAX
NL_ARGMAX NL_LANGMAX NL_MSGMAX NL_NMAX NL_SETMAX NL_TEXTMAX NSIG NULL NZERO OVERFLOW PATH_MAX
PDP_ENDIAN PIPE_BUF PLOSS PTRDIFF_MAX PTRDIFF_MIN PTRDIFF_WIDTH P_tmpdir RAND_MAX RE_DUP_MAX
RTSIG_MAX R_OK SA_INTERRUPT SA_NOCLDSTOP SA_NOCLDWAIT SA_NODEFER SA_NOMASK SA_ONESHOT SA_ONSTACK
SA_RESETHAND SA_RESTART SA_SIGINFO SA_STACK SCHAR_MAX SCHAR_MIN SCHAR_WIDTH SEEK_CUR SEEK_DATA
SEEK_END SEEK_HOLE SEEK_SET SEM_VALUE_MAX SHRT_MAX SHRT_MIN SHRT_WIDTH SIGABRT SIGALRM SIGBUS
SIGCHLD SIGCLD SIGCONT SIGFPE SIGHUP SIGILL SIGINT SIGIO SIGIOT SIGKILL SIGPIPE SIGPOLL SIGPROF
SIGPWR SIGQUIT SIGRTMAX SIGRTMIN SIGSEGV SIGSTKFLT SIGSTKSZ SIGSTOP SIGSYS SIGTERM SIGTRAP SIGTSTP
SIGTTIN SIGTTOU SIGURG SIGUSR1 SIGUSR2 SIGVTALRM SIGWINCH SIGXCPU SIGXFSZ SIG_ATOMIC_MAX
SIG_ATOMIC_MIN SIG_ATOMIC_WIDTH SIG_BLOCK SIG_DFL SIG_ERR SIG_HOLD SIG_IGN SIG_SETMASK SIG_UNBLOCK
SING SIZE_MAX SIZE_WIDTH SI_ASYNCIO SI_ASYNCNL SI_DETHREAD SI_KERNEL SI_MESGQ SI_QUEUE SI_SIGIO
SI_TIMER SI_TKILL SI_USER SNAN SNANF SNANL SSIZE_MAX SS_DISABLE SS_ONSTACK STA_CLK STA_CLOCKERR
STA_DEL STA_FLL STA_FREQHOLD STA_INS STA_MODE STA_NANO STA_PLL STA_PPSERROR STA_PPSFREQ
STA_PPSJITTER STA_PPSSIGNAL STA_PPSTIME STA_PPSWANDER STA_RONLY STA_UNSYNC STRUNCATE S_BLKSIZE
TIME_UTC TLOSS TMP_MAX TTY_NAME_MAX UCHAR_MAX UCHAR_WIDTH ULLONG_MAX ULLONG_WIDTH ULONG_LONG_MAX
ULONG_MAX ULONG_WIDTH UNDERFLOW USHRT_MAX USHRT_WIDTH UTIME_NOW UTIME_OMIT WCHAR_MAX WCHAR_MIN
WCHAR_WIDTH WCONTINUED WEOF WEXITED WINT_MAX WINT_MIN WINT_WIDTH WNOHANG WNOWAIT WORD_BIT WSTOPPED
WUNTRACED W_OK XATTR_LIST_MAX XATTR_NAME_MAX XATTR_SIZE_MAX X_OK assert errno i386 isnan linux major
makedev math_errhandling minor offsetof pow sa_handler sa_sigaction sched_priority si_addr
si_addr_lsb si_arch si_band si_call_addr si_fd si_int si_lower si_overrun si_pid si_pkey si_ptr
si_status si_stime si_syscall si_timerid si_uid si_upper si_utime si_value sigev_notify_attributes
sigev_notify_function st_atime st_ctime st_mtime stderr stdin stdout unix
"""
_MACRO_FAMILIES = re.compile(
    "(ADJ|BUS|CLD|CLOCK|CLONE|CLOSE_RANGE|CPU|DBL|FE|FLT|FPE|ILL|LDBL|POLL|POSIX|PTHREAD|REG|RENAME"
    "|SCHED|SEGV|SIGEV|STATX|STDERR|STDIN|STDOUT|TIMER|TRAP)_[A-Z0-9_]+"
    "|(PRI|SCN)[diouxX][A-Z0-9]+|S_I[A-Z]+|HUGE_VAL_F[0-9X]+|SNANF[0-9X]+"
    "|U?INT[A-Z0-9_]*_(MAX|MIN|WIDTH)"
    "|M_(1_PI|2_PI|2_SQRTPI|E|LN2|LN10|LOG2E|LOG10E|PI|PI_2|PI_4|SQRT2|SQRT1_2)(l|f[0-9x]*)?"
)


def is_macro(name: str) -> bool:
    """Whether a name may be a macro to a C++ compiler, like `INT_MAX`; see also RESERVED."""
    return _MACRO_FAMILIES.fullmatch(name) is not None


# Names that Brian2 passes to its code templates, besides the variables of a model.
_TEMPLATES = """
code_lines codeobj_name constant_or_scalar eventspace_variable get_array_name hashdefine_lines
iterator_func iterator_kwds load_namespace openmp_pragma owner pathway pointers_lines scalar_code
self support_code_lines user_headers variable_indices variables vector_code
"""

# The objects that Brian2 makes for a group or for synapses, by the suffix of their names.
_PARTS = re.compile(
    "(pre|post|arrival)(_[0-9]+)?|(spike_|[a-z_]+_)?(thresholder|resetter)|stateupdater"
    "|subexpression_update|summed_variable_.*|.*codeobject.*"
)


def is_part(name: str, owner: str) -> bool:
    """Whether Brian2 would give a part of the object `owner` this name."""
    return name.startswith(f"{owner}_") and _PARTS.fullmatch(name, len(owner) + 1) is not None


# Names in `from sympy import *` and Python's builtins. As the state variable of an event-driven or
# exactly solved equation, they raise an error or get sympy's value. Parameters with these names are
# safe.
_SYMPY = """
Abs AccumBounds Add Adjoint AlgebraicField AlgebraicNumber And AppliedPredicate Array
AssumptionsContext Atom AtomicExpr BasePolynomialError Basic BlockDiagMatrix BlockMatrix CC CRootOf
Catalan Chi Ci Circle CoercionFailed Complement ComplexField ComplexRegion ComplexRootOf Complexes
ComputationFailed ConditionSet Contains CosineTransform Curve DeferredVector DenseNDimArray
Derivative Determinant DiagMatrix DiagonalMatrix DiagonalOf Dict DiracDelta DisjointUnion Domain
DomainError DotProduct Dummy E E1 EPath EX EXRAW Ei Eijk Ellipse EmptySequence EmptySet Eq Equality
Equivalent EulerGamma EvaluationFailed ExactQuotientFailed Expr ExpressionDomain ExtraneousFactors
FF FF_gmpy FF_python FallingFactorial FiniteField FiniteSet FlagError Float FourierTransform
FractionField Function FunctionClass FunctionMatrix GF GMPYFiniteField GMPYIntegerRing
GMPYRationalField Ge GeneratorsError GeneratorsNeeded GeometryError GoldenRatio GramSchmidt
GreaterThan GroebnerBasis Gt HadamardPower HadamardProduct HankelTransform Heaviside
HeuristicGCDFailed HomomorphismFailed I ITE Id Identity Idx ImageSet ImmutableDenseMatrix
ImmutableDenseNDimArray ImmutableMatrix ImmutableSparseMatrix ImmutableSparseNDimArray Implies
Indexed IndexedBase Integer IntegerRing Integers Integral Intersection Interval Inverse
InverseCosineTransform InverseFourierTransform InverseHankelTransform InverseLaplaceTransform
InverseMellinTransform InverseSineTransform IsomorphismFailed KroneckerDelta KroneckerProduct LC LM
LT Lambda LambertW LaplaceTransform Le LessThan LeviCivita Li Limit Line Line2D Line3D Lt MatAdd
MatMul MatPow Matrix MatrixBase MatrixExpr MatrixPermute MatrixSlice MatrixSymbol Max
MellinTransform Min Mod Monomial Mul MultivariatePolynomialError MutableDenseMatrix
MutableDenseNDimArray MutableMatrix MutableSparseMatrix MutableSparseNDimArray NDimArray Nand
Naturals Naturals0 Ne NonSquareMatrixError Nor Not NotAlgebraic NotInvertible NotReversible Number
NumberSymbol O OmegaPower OneMatrix OperationNotSupported OptionError Options Or Order Ordinal
POSform Parabola Permanent PermutationMatrix Piecewise Plane Point Point2D Point3D PoleError
PolificationFailed Poly Polygon PolynomialDivisionFailed PolynomialError PolynomialRing Pow
PowerSet PrecisionExhausted Predicate Product ProductSet PurePoly PythonFiniteField
PythonIntegerRing PythonRational Q QQ QQ_I QQ_gmpy QQ_python Quaternion RR Range Rational
RationalField Rationals Ray Ray2D Ray3D RealField RealNumber Reals RefinementFailed RegularPolygon
Rel Rem RisingFactorial RootOf RootSum S SOPform Segment Segment2D Segment3D SeqAdd SeqFormula
SeqMul SeqPer Set ShapeError Shi Si Sieve SineTransform SingularityFunction SparseMatrix
SparseNDimArray StrPrinter StrictGreaterThan StrictLessThan Subs Sum Symbol SymmetricDifference
SympifyError TableForm Trace Transpose Triangle TribonacciConstant Tuple Unequality UnevaluatedExpr
UnificationFailed Union UnivariatePolynomialError UniversalSet Wild WildFunction Xor Ynm Ynm_c ZZ
ZZ_I ZZ_gmpy ZZ_python ZeroMatrix Znm abundance acos acosh acot acoth acsc acsch adjoint airyai
airyaiprime airybi airybiprime aiter all all_roots andre anext any apart apart_list appellf1
apply_finite_diff approximants are_similar arg arity ascii asec asech asin asinh ask
assemble_partfrac_list assoc_laguerre assoc_legendre assuming atan atan2 atanh banded bell
bernoulli besseli besselj besselk besselsimp bessely beta betainc betainc_regularized bin binomial
binomial_coefficients binomial_coefficients_list block_collapse blockcut bool_map bottom_up
breakpoint bspline_basis bspline_basis_set cacheit callable cancel capture carmichael cartes
casoratian catalan cbrt ccode ceiling centroid chebyshevt chebyshevt_poly chebyshevt_root
chebyshevu chebyshevu_poly chebyshevu_root check_assumptions checkodesol checkpdesol checksol chr
classify_ode classify_pde closest_points cofactors collect collect_const combsimp comp compile
compose composite compositepi conjugate construct_domain content continued_fraction
continued_fraction_convergents continued_fraction_iterator continued_fraction_periodic
continued_fraction_reduce convex_hull convolution cosine_transform cot coth count_ops count_roots
covering_product csc csch cse cxxcode cycle_length cyclotomic_poly decompogen decompose
default_sort_key deg degree degree_list delattr denom derive_by_array det det_quick diag
diagonalize_vector dict_merge diff difference_delta differentiate_finite digamma diophantine dir
dirichlet_eta discrete_log discriminant div divisor_count divisor_sigma divisors divmod doctest
dotprint dsolve egyptian_fraction elliptic_e elliptic_f elliptic_k elliptic_pi epath erf erf2
erf2inv erfc erfcinv erfi erfinv euler euler_equations eval evaluate exec exp_polar expand
expand_complex expand_func expand_log expand_mul expand_multinomial expand_power_base
expand_power_exp expand_trig expint exptrigsimp exquo eye factor factor_list factor_nc
factor_system factor_terms factorial factorial2 factorint factorrat failing_assumptions
farthest_points fcode ff fft fibonacci field field_isomorphism filldedent finite_diff_weights
flatten format fourier_series fourier_transform fps frac fraction fresnelc fresnels fu fwht
galois_group gamma gammasimp gcd gcd_list gcd_terms gcdex gegenbauer genocchi
get_contraction_structure get_indices getattr gff gff_list globals glsl_code grevlex grlex groebner
ground_roots group gruntz hadamard_product half_gcdex hankel1 hankel2 hankel_transform harmonic
has_dups has_variety hasattr hash hermite hermite_poly hermite_prob hermite_prob_poly hessian hex
hn1 hn2 homogeneous_order horner hyper hyperexpand hypersimilar hypersimp idiff ifft ifwht igcd
igrevlex igrlex ilcm ilex im imageset init_printing init_session input integer_log integer_nthroot
integrate interactive_traversal interpolate interpolating_poly interpolating_spline
intersecting_product intersection intervals intt inv_quick inverse_cosine_transform
inverse_fourier_transform inverse_hankel_transform inverse_laplace_transform
inverse_mellin_transform inverse_mobius_transform inverse_sine_transform invert is_abundant
is_amicable is_carmichael is_convex is_decreasing is_deficient is_increasing is_mersenne_prime
is_monotonic is_nthpow_residue is_perfect is_primitive_root is_quad_residue is_strictly_decreasing
is_strictly_increasing is_zero_dimensional isinstance isolate isprime issubclass iter itermonomials
jacobi jacobi_normalized jacobi_poly jacobi_symbol jn jn_zeros jordan_cell jscode julia_code
kronecker_product kronecker_symbol kroneckersimp laguerre laguerre_poly lambdify
laplace_correspondence laplace_initial_conds laplace_transform latex lcm lcm_list legendre
legendre_poly legendre_symbol len lerchphi lex li limit limit_seq line_integrate
linear_eq_to_matrix linsolve list2numpy ln locals logcombine loggamma lowergamma lucas maple_code
marcumq mathematica_code mathieuc mathieucprime mathieus mathieusprime mathml matrix2numpy
matrix_multiply_elementwise matrix_symbols max maximum meijerg mellin_transform memoize_property
mersenne_prime_exponent min minimal_polynomial minimum minpoly mobius mobius_transform mod_inverse
monic motzkin multigamma multiline_latex multinomial_coefficients multiplicity n_order nan next
nextprime nfloat nonlinsolve not_empty_in npartitions nroots nsimplify nsolve nth_power_roots_poly
nthroot_mod ntt num_digits numbered_symbols numer oct octave_code ode_order ones oo open ord ord0
ordered pager_print parallel_poly_from_expr parse_expr partition pde_separate pde_separate_add
pde_separate_mul pdiv pdsolve per perfect_power periodic_argument periodicity permutedims pexquo
piecewise_exclusive piecewise_fold plot plot_implicit plot_parametric polar_lift polarify
pollard_pm1 pollard_rho poly poly_from_expr polygamma polylog posify postfixes postorder_traversal
powdenest powsimp pprint pprint_try_use_unicode pprint_use_unicode pquo prefixes prem
preorder_traversal pretty pretty_print preview prevprime prime prime_decomp prime_valuation
primefactors primenu primeomega primepi primerange primitive primitive_element primitive_root
primorial principal_branch print print_ccode print_fcode print_glsl print_gtk print_jscode
print_latex print_maple_code print_mathml print_python print_rcode print_tree prod product
proper_divisor_count proper_divisors pycode python quadratic_congruence quadratic_residues quo rad
radsimp randMatrix random_poly randprime rational_interpolate ratsimp ratsimpmodprime rcode
rcollect re real_root real_roots reduce_abs_inequalities reduce_abs_inequality reduce_inequalities
reduced reduced_totient refine refine_root register_handler rem remove_handler repr reshape residue
resultant rf riemann_xi ring root rootof roots rot_axis1 rot_axis2 rot_axis3 rot_ccw_axis1
rot_ccw_axis2 rot_ccw_axis3 rot_givens rotations round round_two rsolve rsolve_hyper rsolve_poly
rsolve_ratio rust_code satisfiable sec sech separatevars sequence series setattr seterr sfield
shape sift signsimp simplify simplify_logic sinc sine_transform singularities singularityintegrate
smtlib_code solve solve_linear solve_linear_system solve_linear_system_LU solve_poly_inequality
solve_poly_system solve_rational_inequalities solve_triangulated solve_undetermined_coeffs
solve_univariate_inequality solveset sorted sqf sqf_list sqf_norm sqf_part sqrt_mod sqrt_mod_iter
sqrtdenest srepr sring sstr sstrrepr stationary_points stieltjes sturm subfactorial subresultants
subsets substitution sum summation swinnerton_dyer_poly symarray symbols symmetric_poly symmetrize
sympify take tensorcontraction tensordiagonal tensorproduct terms_gcd test textplot threaded timed
to_cnf to_dnf to_nnf to_number_field together topological_sort total_degree totient trace trailing
transpose tribonacci trigamma trigsimp trunc unbranched_argument unflatten unpolarify uppergamma
use var variations vars vectorize vfield viete vring wronskian xfield xring xthreaded yn zeros zeta
zoo
"""


def _collect() -> dict[str, str]:
    out: dict[str, str] = {}

    def add(names: list[str], why: str) -> None:
        for name in names:
            out.setdefault(name, why)

    add(list(kwlist), "a Python keyword")
    add(_BRIAN2.split(), "Brian2's own function, constant or variable")
    named = [prefix + unit for prefix in _UNIT_PREFIXES for unit in _UNITS.split()]
    units = [unit + power for unit in named for power in ("", "2", "3")]
    add(units + _MORE_UNITS.split(), "a unit of Brian2")
    add(_SYNAPSES.split(), "a variable that Brian2 gives every Synapses object")
    add(_REFRACTORY.split(), "a variable of Brian2's refractoriness")
    add(_TEMPLATES.split(), "a word of Brian2's code templates")
    add(["source"], "an attribute that Brian2 looks for in every group")
    add(_CPP.split(), "a C++ keyword")  # before attributes, which variables may be called
    add(_ATTRIBUTES.split(), "an attribute of Brian2's groups")
    add(_CPP_MACROS.split(), "a macro or function of the C library that the generated C++ uses")
    add(_SYMPY.split(), "a name of sympy or a Python builtin, which a state variable must not have")
    return out


RESERVED: dict[str, str] = _collect()


def reason(name: str) -> str | None:
    """Why `name` cannot be a name in a Brian2 script, or None."""
    if name in RESERVED:
        return RESERVED[name]
    if name.endswith(("_pre", "_post")):
        return "ends like a variable of the cell before or after a synapse"
    if name.startswith("_"):
        return "starts with an underscore, as Brian2's own names do"
    if name.endswith("_"):
        return "ends with an underscore: Brian2 reads that as the value without its unit"
    if name.startswith("xi_"):
        return "a noise variable of Brian2"
    return None
