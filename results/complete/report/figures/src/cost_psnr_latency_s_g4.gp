# In the folder above: gnuplot -e "load 'src/light.gp'" src/cost_psnr_latency_s_g4.gp (after set terminal ...)
data = 'src/cost_psnr_latency_s_g4.csv'
set lmargin at screen 0.16666666666666666
set rmargin at screen 0.9571428571428572
set tmargin at screen 0.8121212121212121
set bmargin at screen 0.1393939393939394
set xrange [0.016231517:0.31463387023999995]
set yrange [15.783886613959883:48.44503835976755]
set label 'latency of one sample (s)' at screen 0.56190,0.03333 center font ',12' textcolor rgb ink
set label 'PSNR (dB), higher is better' at screen 0.02619,0.47576 center rotate by 90 font ',12' textcolor rgb ink
set arrow from 0.29466349199999997, graph 0 to 0.29466349199999997, graph 1 nohead linecolor rgb muted dashtype 3 back
set label 'full steps' at 0.29466349199999997, graph 0.02 rotate by 90 left offset character -1,0 font ',10' textcolor rgb muted
set label '10 steps' at screen 0.31412,0.15911 left font ',10' textcolor rgb c1 front
set label 'N=5' at screen 0.30344,0.28517 left font ',10' textcolor rgb c2 front
set label 'N=3' at screen 0.47239,0.50690 left font ',10' textcolor rgb c2 front
set label 'δ=0.05, Cmax=6' at screen 0.17258,0.34047 left font ',10' textcolor rgb c3 front
set label 'δ=0.05, Cmax=4' at screen 0.23229,0.38727 left font ',10' textcolor rgb c3 front
set label 'skips=25' at screen 0.54051,0.64229 left font ',10' textcolor rgb c4 front
set label 'skips=15' at screen 0.70085,0.79129 left font ',10' textcolor rgb c4 front
$front << END
0.066051468,18.462389038023993
0.089343611,21.140141314793045
0.09728727200000001,23.824887882195707
0.119828908,26.09709147250176
0.125799235,31.9052377896162
0.151515281,38.47854390720262
0.21204374799999998,45.71214305278939
END
unset key
set arrow from screen 0.03333,0.96364 to screen 0.07619,0.96364 nohead linecolor rgb muted linewidth 1.2 dashtype 2
set label 'Pareto front' at screen 0.09048,0.96364 left font ',11' textcolor rgb ink
set label '' at screen 0.53095,0.96364 point pointtype 7 pointsize 0.8 linecolor rgb c1
set label 'fewer steps' at screen 0.56667,0.96364 left font ',11' textcolor rgb ink
set label '' at screen 0.05476,0.91515 point pointtype 5 pointsize 0.8 linecolor rgb c2
set label 'DeepCache' at screen 0.09048,0.91515 left font ',11' textcolor rgb ink
set label '' at screen 0.53095,0.91515 point pointtype 9 pointsize 0.8 linecolor rgb c3
set label 'AdaptiveDiffusion' at screen 0.56667,0.91515 left font ',11' textcolor rgb ink
set label '' at screen 0.05476,0.86667 point pointtype 13 pointsize 0.8 linecolor rgb c4
set label 'fixed path' at screen 0.09048,0.86667 left font ',11' textcolor rgb ink
plot $front using 1:2 with lines linecolor rgb muted linewidth 1.2 dashtype 2 notitle, \
  data using ($1==0?$2:NaN):5 with lines linecolor rgb c1 linewidth 1 notitle, \
  data using ($1==0?$2:NaN):6:(0):($7-$6) with vectors nohead linecolor rgb c1 linewidth 1 notitle, \
  data using ($1==0?$3:NaN):5:($4-$3):(0) with vectors nohead linecolor rgb c1 linewidth 1 notitle, \
  data using ($1==0?$2:NaN):5 with points linecolor rgb c1 pointtype 7 pointsize 0.8 notitle, \
  data using ($1==1?$2:NaN):5 with lines linecolor rgb c2 linewidth 1 notitle, \
  data using ($1==1?$2:NaN):6:(0):($7-$6) with vectors nohead linecolor rgb c2 linewidth 1 notitle, \
  data using ($1==1?$3:NaN):5:($4-$3):(0) with vectors nohead linecolor rgb c2 linewidth 1 notitle, \
  data using ($1==1?$2:NaN):5 with points linecolor rgb c2 pointtype 5 pointsize 0.8 notitle, \
  data using ($1==2?$2:NaN):6:(0):($7-$6) with vectors nohead linecolor rgb c3 linewidth 1 notitle, \
  data using ($1==2?$3:NaN):5:($4-$3):(0) with vectors nohead linecolor rgb c3 linewidth 1 notitle, \
  data using ($1==2?$2:NaN):5 with points linecolor rgb c3 pointtype 9 pointsize 0.8 notitle, \
  data using ($1==3?$2:NaN):5 with lines linecolor rgb c4 linewidth 1 notitle, \
  data using ($1==3?$2:NaN):6:(0):($7-$6) with vectors nohead linecolor rgb c4 linewidth 1 notitle, \
  data using ($1==3?$3:NaN):5:($4-$3):(0) with vectors nohead linecolor rgb c4 linewidth 1 notitle, \
  data using ($1==3?$2:NaN):5 with points linecolor rgb c4 pointtype 13 pointsize 0.8 notitle
