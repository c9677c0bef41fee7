"""Statistics of any section: arrays in, arrays out, and nothing known of images or networks.

intervals   Wilson's interval of a share, percentile interval of bootstrap samples
bootstrap   how often each image is drawn again, and means, shares and sums on such samples
ranks       Spearman, AUROC, average precision, with weights for bootstrap samples
tests       Fisher's exact test, permutations, many tests at once
sign_flips  many means of 0 or not, by sign flips with one correction
measures    how strongly an object class goes with a label, as functions of counts
"""
