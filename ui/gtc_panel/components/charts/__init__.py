"""TTFT and ITL over the last five minutes, with their goals and what was ordered and when.

`spec` says what a chart shows and how large, `options` sets it up in ECharts, `canvas` is one on a
page, `feed` keeps all of them going, `legend` and `summary` say in words what they show, `card` is
the control page's. The
arithmetic of axes and labels is in ``static/chart_scale.js``: the browser knows the sizes.
"""

from gtc_panel.components.charts.canvas import Canvas
from gtc_panel.components.charts.card import Charts
from gtc_panel.components.charts.feed import push, start
from gtc_panel.components.charts.spec import ChartSpec, ChartStyle, specs

__all__ = ["Canvas", "ChartSpec", "ChartStyle", "Charts", "push", "specs", "start"]
