ink = '#1a1a1a'; muted = '#595959'; faint = '#e2e2e2'; paper = '#ffffff'
c1 = '#0072b2'; c2 = '#d55e00'; c3 = '#009e73'; c4 = '#cc79a7'; c5 = '#b07a00'; c6 = '#56b4e9'; c7 = '#595959'
predict = '#0072b2'; shallow = '#e69f00'; reuse = '#e8e8e8'
set encoding utf8
set datafile separator comma
set datafile missing ''
set border 3 linecolor rgb ink linewidth 0.8
set tics nomirror out scale 0.6 textcolor rgb ink font ',11'
set xtics offset 0,0.3
set grid back linecolor rgb faint linewidth 0.7 linetype 1
unset key
