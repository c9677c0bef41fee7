"""The explorer without a kernel: figures/<study>/explore.html, one file that needs nothing else.

data         what the page counts with and shows, as arrays and pictures
made         whether it is current, asked in tenths of a second
__main__     writes the page:  python -m emocam_utils.runner.explorer_page --study emoscenes
counting.js  counts and measures in the browser, equal to `pipeline.counts` and `stats.measures`
page.js      controls, matrix, images; with widgets/grid.js
"""
