# Workloads of bench/p6.sh: writes what both sides calculate from, runs the peer, writes its answers.
#
#   Rscript bench/p6.R FOLDER WORKLOAD     prints "SECONDS PEER" or "- none"
#
# FOLDER/in: JSON lines or binary64; FOLDER/peer: the peer's numbers, one a line; FOLDER/call: the
# arguments of build/release-gcc/bench/p6. Seconds are of the call alone, best of up to 3 within 2 s.
args <- commandArgs(TRUE); folder <- args[1]; name <- args[2]
small <- Sys.getenv("P6_SMALL") != ""          # a tenth of the work, to try the bench itself
size <- function(n) if (small) max(2, n %/% 10) else n
vec <- function(v) paste0("[", paste(sprintf("%.15g", v), collapse = ","), "]")
mat <- function(m) paste0("[", paste(apply(m, 1, vec), collapse = ","), "]")
give <- function(lines, call) { writeLines(lines, file.path(folder, "in")); writeLines(call, file.path(folder, "call")) }
numbers <- function(v, call) { writeBin(as.double(v), file.path(folder, "in")); writeLines(call, file.path(folder, "call")) }
answer <- function(v) writeLines(ifelse(is.na(v), "NA", sprintf("%.15g", v)), file.path(folder, "peer"))
timed <- function(peer, f) {
  best <- Inf; spent <- 0; runs <- 0
  while (runs < 3 && spent < 2) { t <- system.time(r <- f())[["elapsed"]]; best <- min(best, t); spent <- spent + t; runs <- runs + 1 }
  cat(sprintf("%.4f %s\n", best, peer)); invisible(r)
}
none <- function() cat("- none\n")
weekly <- function(s, w) { set.seed(3); matrix(rnbinom(s * w, mu = outer(exp(1 + .4 * sin(2 * pi * (1:w) / 52)), runif(s, .5, 5)), size = 3), w, s) }
quiet <- function(e) { capture.output(r <- suppressWarnings(suppressPackageStartupMessages(e))); invisible(r) }

work <- list(
farrington_flexible = function() {
  quiet(library(surveillance)); s <- size(1000); y <- weekly(s, 520)
  give(sprintf('{"counts":%s,"frequency":52,"range":[520],"b":5,"w":3,"no_periods":10,"past_weeks_not_included":26,"alpha":0.01,"weights_threshold":2.58,"reweight":true,"trend":true,"p_threshold_trend":1,"threshold_method":"nbPlugin","powertrans":"2/3","limit54":[5,4]}',
    apply(y, 2, vec)), "call ews.farrington_flexible upperbound")
  x <- sts(observed = y, start = c(2010, 1), frequency = 52)
  c1 <- list(range = 520, b = 5, w = 3, noPeriods = 10, pastWeeksNotIncluded = 26, thresholdMethod = "nbPlugin", pThresholdTrend = 1, alpha = .01, glmWarnings = FALSE)
  r <- timed("surveillance", function() quiet(farringtonFlexible(x, c1))); answer(as.vector(upperbound(r)))
},
farrington = function() {
  quiet(library(surveillance)); s <- size(1000); y <- weekly(s, 520)
  give(sprintf('{"counts":%s,"frequency":52,"range":[520],"b":5,"w":3,"alpha":0.01,"reweight":true,"trend":true,"powertrans":"2/3","limit54":[5,4]}',
    apply(y, 2, vec)), "call ews.farrington upperbound")
  x <- sts(observed = y, start = c(2010, 1), frequency = 52)
  r <- timed("surveillance", function() quiet(farrington(x, list(range = 520, b = 5, w = 3, alpha = .01, reweight = TRUE, trend = TRUE, powertrans = "2/3", limit54 = c(5, 4)))))
  answer(as.vector(upperbound(r)))
},
ears = function(method, alpha) {
  quiet(library(surveillance)); s <- size(1000); y <- weekly(s, 520)
  numbers(y, sprintf("ears %s 520", method))
  x <- sts(observed = y, start = c(2010, 1), frequency = 52)
  r <- timed("surveillance", function() quiet(earsC(x, list(method = method, baseline = 7, minSigma = 0, alpha = alpha))))
  answer(as.vector(upperbound(r)))
},
ears_c1 = function() work$ears("C1", .001), ears_c2 = function() work$ears("C2", .001), ears_c3 = function() work$ears("C3", .025),
weibull = function() {
  quiet(library(survival)); set.seed(9); s <- size(1000)
  t <- matrix(rweibull(50 * s, 1.5, 100), 50); z <- matrix(runif(50 * s, 20, 200), 50); d <- t <= z; t <- pmin(t, z)
  numbers(rbind(t, d), "weibull - 100")
  answer(timed("survival", function() sapply(1:s, function(i) exp(coef(survreg(Surv(t[, i], d[, i]) ~ 1, control = survreg.control(rel.tolerance = 1e-12)))))))
},
kaplan_meier = function() {
  quiet(library(survival)); set.seed(10); n <- size(100000); t <- round(rweibull(n, 1.5, 100), 2); d <- runif(n) < .7
  numbers(c(t, d), sprintf("kaplan_meier - %d", 2 * n))
  answer(timed("survival", function() survfit(Surv(t, d) ~ 1))$surv)
},
arl_cusum = function() {
  quiet(library(spc)); k <- rep(c(.25, .5), length.out = 200); h <- seq(2, 6, length.out = 200); m <- rep(c(0, .5, 1), length.out = 200)
  give(sprintf('{"k":%g,"h":%.15g,"mu":%g,"hs":0,"sided":"one","r":30}', k, h, m), "call spc.arl_cusum arl")
  answer(timed("spc", function() mapply(function(k, h, m) xcusum.arl(k, h, m, sided = "one", r = 30), k, h, m)))
},
arl_ewma = function() {
  quiet(library(spc)); l <- rep(c(.1, .2, .4), length.out = 200); c <- seq(2, 3, length.out = 200); m <- rep(c(0, .5, 1), length.out = 200)
  give(sprintf('{"l":%g,"c":%.15g,"mu":%g,"sided":"two","limits":"fix","r":40}', l, c, m), "call spc.arl_ewma arl")
  answer(timed("spc", function() mapply(function(l, c, m) xewma.arl(l, c, m, sided = "two", r = 40), l, c, m)))
},
stratified_mean = function() {
  quiet(library(survey)); set.seed(12); n <- size(100000); h <- sample(1:50, n, TRUE); y <- round(rnorm(n, h, 3), 3); N <- as.vector(table(h)[as.character(h)] * 10)
  give(sprintf('{"stratum":%s,"population":%s,"y":%s,"confidence":0.95}', vec(h), vec(N), vec(y)), "call survey.stratified_mean estimate")
  d <- data.frame(h, y, N); answer(timed("survey", function() coef(svymean(~y, svydesign(id = ~1, strata = ~h, fpc = ~N, data = d)))))
},
least_squares = function() {
  set.seed(14); n <- size(1000000); x <- cbind(1, matrix(rnorm(4 * n), n)); y <- as.vector(x %*% 1:5 + rnorm(n))
  numbers(c(t(x), y), "least_squares - 5")
  d <- data.frame(y, x[, -1]); answer(timed("lm", function() coef(lm(y ~ ., d))))
},
logistic = function() {
  set.seed(15); n <- size(100000); x <- matrix(rnorm(10 * n), n); y <- rbinom(n, 1, plogis(as.vector(x %*% seq(-1, 1, length.out = 10)) - .5))
  numbers(c(t(x), y), "logistic - 10")
  d <- data.frame(y, x); answer(timed("glm", function() coef(glm(y ~ ., binomial, d, epsilon = 1e-12))))
},
kendall = function() {
  set.seed(16); n <- size(5000); x <- rpois(n, 20); y <- x + rpois(n, 20)
  give(sprintf('{"x":%s,"y":%s}', vec(x), vec(y)), "call indices.rank_correlation tau_b")
  answer(timed("cor", function() cor(x, y, method = "kendall")))
},
# No peer among the packages: answers are checked by a short calculation of the definition in R.
scan = function() {
  set.seed(4); r <- size(1000); xy <- cbind(runif(r), runif(r)); cnt <- matrix(rpois(r * 52, 2), 52, r)
  numbers(rbind(t(xy), cnt), "scan - 54")
  d <- as.matrix(dist(xy)); C <- sum(cnt); back <- apply(cnt[52:1, ], 2, cumsum); best <- -Inf
  for (i in 1:r) { o <- order(d[i, ])[1:15]; c <- t(apply(back[, o], 1, cumsum)); e <- outer(1:52, 1:15) * C / (52 * r)
    l <- ifelse(c > e, c * log(c / e) + (C - c) * log((C - c) / (C - e)), 0); best <- max(best, l) }
  answer(best); none()
},
pls_bootstrap = function() {
  set.seed(5); n <- 250; b <- rep(1:6, c(5, 5, 5, 4, 4, 4)); p <- rbind(c(0,0,0,0,0,0), c(1,0,0,0,0,0), c(0,1,0,0,0,0), c(0,1,1,0,0,0), c(1,1,1,1,0,0), c(1,0,0,0,1,0))
  l <- matrix(0, n, 6); for (j in 1:6) { k <- p[j, ] == 1; l[, j] <- (if (any(k)) rowMeans(l[, k, drop = FALSE]) else 0) + rnorm(n) }
  x <- sapply(b, function(j) pmin(10, pmax(1, round(6 + 1.4 * l[, j] + rnorm(n)))))
  give(sprintf('{"data":%s,"path_matrix":%s,"latent":["IMAG","EXPE","QUAL","VAL","SAT","LOY"],"blocks":[[1,2,3,4,5],[6,7,8,9,10],[11,12,13,14,15],[16,17,18,19],[20,21,22,23],[24,25,26,27]],"modes":["A","A","A","A","A","A"],"scheme":"path","scaled":true,"tol":1e-6,"replicates":%d}',
    mat(x), mat(p), size(1000)), "call pls.pls_bootstrap_se loadings.original")
  z <- scale(x); w <- rep(1, 27)
  for (i in 1:500) { y <- scale(sapply(1:6, function(j) z[, b == j] %*% w[b == j])); e <- cor(y) * (p + t(p))
    for (j in 1:6) if (any(p[j, ] == 1)) e[p[j, ] == 1, j] <- coef(lm(y[, j] ~ y[, p[j, ] == 1] - 1))
    q <- y %*% e; for (j in 1:6) w[b == j] <- cor(z[, b == j], q[, j]) * sd(q[, j]) }
  y <- sapply(1:6, function(j) z[, b == j] %*% w[b == j]); answer(cor(z, y)[cbind(1:27, b)]); none()
},
charts = function(type) {
  set.seed(1); m <- matrix(round(rnorm(size(10000) * 5, 10, 2), 4), ncol = 5)
  numbers(t(m), sprintf("chart %s 5", type))
  r <- apply(m, 1, max) - apply(m, 1, min); s <- apply(m, 1, sd)
  d2 <- integrate(function(x) 1 - pnorm(x)^5 - pnorm(-x)^5, -Inf, Inf, rel.tol = 1e-12)$value; c4 <- sqrt(2 / 4) * gamma(5 / 2) / gamma(2)
  answer(rep(times = nrow(m), x = switch(type, xbar = mean(m) + 3 * mean(r) / d2 / sqrt(5), S = mean(s) + 3 * mean(s) / c4 * sqrt(1 - c4^2),
    R = mean(r) + 3 * mean(r) / d2 * sqrt(2 * integrate(Vectorize(function(w) w * (1 - 5 * integrate(function(x) dnorm(x) * (pnorm(x + w) - pnorm(x))^4, -Inf, Inf, rel.tol = 1e-11)$value)), 0, 20, rel.tol = 1e-9)$value - d2^2))))
  none()
},
charts_xbar = function() work$charts("xbar"), charts_r = function() work$charts("R"), charts_s = function() work$charts("S"),
ebgm = function() {
  set.seed(6); n <- size(20000); E <- round(rexp(n, 1 / 3) + .01, 6); N <- rpois(n, E * rgamma(n, 2, 2)); a1 <- .2; b1 <- .1; a2 <- 2; b2 <- 4; p <- 1 / 3
  numbers(rbind(N, E), "ebgm - 2")
  f1 <- p * dnbinom(N, a1, b1 / (b1 + E)); f2 <- (1 - p) * dnbinom(N, a2, b2 / (b2 + E)); q <- f1 / (f1 + f2)
  answer(exp(q * (digamma(a1 + N) - log(b1 + E)) + (1 - q) * (digamma(a2 + N) - log(b2 + E)))); none()
})
work[[name]]()
