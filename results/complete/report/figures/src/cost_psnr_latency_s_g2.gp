# In the folder above: gnuplot -e "load 'src/light.gp'" src/cost_psnr_latency_s_g2.gp (after set terminal ...)
data = 'src/cost_psnr_latency_s_g2.csv'
set lmargin at screen 0.16666666666666666
set rmargin at screen 0.9571428571428572
set tmargin at screen 0.8121212121212121
set bmargin at screen 0.1393939393939394
set xrange [0.0217330902:0.301323497088]
set yrange [30.227906512323262:60.11671958501414]
set label 'latency of one sample (s)' at screen 0.56190,0.03333 center font ',12' textcolor rgb ink
set label 'PSNR (dB), higher is better' at screen 0.02619,0.47576 center rotate by 90 font ',12' textcolor rgb ink
set arrow from 0.285497625, graph 0 to 0.285497625, graph 1 nohead linecolor rgb muted dashtype 3 back
set label 'full steps' at 0.285497625, graph 0.02 rotate by 90 left offset character -1,0 font ',10' textcolor rgb muted
set label '10 steps' at screen 0.16754,0.23750 left font ',10' textcolor rgb c1 front
set label '15 steps' at screen 0.24697,0.35965 left font ',10' textcolor rgb c1 front
set label '20 steps' at screen 0.32648,0.48726 left font ',10' textcolor rgb c1 front
set label '40 steps' at screen 0.75259,0.78983 left font ',10' textcolor rgb c1 front
set label 'N=5' at screen 0.29202,0.30858 left font ',10' textcolor rgb c2 front
set label 'δ=0.01, Cmax=4' at screen 0.45192,0.36135 left font ',10' textcolor rgb c3 front
set label 'δ=0.005, Cmax=4' at screen 0.68735,0.65725 left font ',10' textcolor rgb c3 front
set label 'skips=25' at screen 0.40449,0.59040 left font ',10' textcolor rgb c4 front
set label 'skips=15' at screen 0.57312,0.76605 left font ',10' textcolor rgb c4 front
$front << END
0.066591422,34.58679443424324
0.08619813400000001,36.16950742972845
0.09468592399999999,38.438632083230914
0.117153269,41.66457818218665
0.122808759,44.108087896644825
0.147885604,46.41337886292531
0.149888613,47.28635459879361
0.150399572,48.69078171361111
0.20042251800000002,51.660476055369635
0.21004281300000002,56.49463569634629
0.22349814800000004,57.5510150214096
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
