"""TTFT and ITL over the last five minutes, with their goals and what was ordered and when.

`spec` says what a chart shows and how large, `options` sets it up in ECharts, `feed` keeps it
going, `legend` and `summary` say the same in words, `card` puts them on the control page. The
arithmetic of axes and labels is in ``static/chart_scale.js``: the browser knows the sizes.
"""

from gtc_panel.components.charts.card import Charts
from gtc_panel.components.charts.feed import push, start
from gtc_panel.components.charts.legend import legend
from gtc_panel.components.charts.options import browser_spec, options
from gtc_panel.components.charts.spec import ChartSpec, ChartStyle, specs
from gtc_panel.components.charts.summary import Summary

__all__ = [
    "ChartSpec",
    "ChartStyle",
    "Charts",
    "Summary",
    "browser_spec",
    "legend",
    "options",
    "push",
    "specs",
    "start",
]
